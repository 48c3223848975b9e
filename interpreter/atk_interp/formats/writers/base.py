"""What a writer is: a pure function from the content of one row to one line of a dataset.

There are three sorts of content, and a writer takes one of them: `fields` (a mapping), `messages` (the turns of a
conversation), or `parts` (what the spec says under the options of the format, by their names). What a conversation must
be like is declared by the writer as `Rules`, not checked by hand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, Protocol, TypeAlias

from atk_interp.expressions.types import TEXT, ListType, RecordType
from atk_interp.records import dataclass
from atk_interp.values import Value, encode

__all__ = [
    "MESSAGES",
    "ROLES",
    "Content",
    "Fields",
    "Marked",
    "Message",
    "Parts",
    "RecordError",
    "Rules",
    "Takes",
    "Writer",
    "chat_message",
    "conversation",
    "learned",
    "line",
    "parts_of",
    "text_part",
]

Fields: TypeAlias = Mapping[str, Value]
Message: TypeAlias = tuple[str, str] | tuple[str, str, bool | None]
"""Role and content, and where the format asks for it, whether a model is to learn to write it (None: not said)."""

Marked: TypeAlias = tuple[str, str, bool | None]
"""A message that says whether it is to be learned."""

Parts: TypeAlias = Mapping[str, Any]
"""The value of each option that was given: a text, or messages."""

Content: TypeAlias = Fields | Sequence[Message] | Parts
Takes: TypeAlias = Literal["fields", "messages", "parts"]

MESSAGES = ListType(RecordType({"role": TEXT, "content": TEXT}))
"""The type of messages as most formats write them."""

ROLES = ("system", "user", "assistant", "tool")


class RecordError(ValueError):
    """A row that the format cannot take, in one sentence; the row is to be rejected with it."""


class Writer(Protocol):
    """One format, a line per record."""

    @property
    def name(self) -> str: ...

    @property
    def takes(self) -> Takes: ...

    def layout(self, fields: RecordType) -> RecordType:
        """What its records hold; `fields` are those of the rows, or those that the spec names."""
        ...

    def record(self, content: Content) -> bytes:
        """The line, with its `\\n`. Raises `RecordError`."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What a format demands of a conversation, beyond known roles and a content in every message.

    Every format also demands at least one assistant message (there is nothing to learn from the others), and
    that a system message, of which there may be one, comes first.
    """

    alternating: bool
    """After the system message a user begins; no user follows a user, no assistant an assistant; a tool answers
    an assistant or another tool."""

    ends_with_assistant: bool


def conversation(content: Content, rules: Rules) -> Sequence[Message]:
    """The messages, if they keep the rules. Raises `RecordError` for the first rule that they break."""
    if isinstance(content, Mapping):
        raise RecordError("the format takes messages, and got fields")
    if not content:
        raise RecordError("the conversation is empty")
    for number, (role, text, *_) in enumerate(content, 1):
        _check_message(number, role, text)
    roles = [message[0] for message in content]
    if "assistant" not in roles:
        raise RecordError("the conversation has no assistant message")
    if rules.alternating:
        _check_order([role for role in roles if role != "system"])
    if rules.ends_with_assistant and roles[-1] != "assistant":
        raise RecordError(f"the conversation ends with a message of `{roles[-1]}`, not of `assistant`")
    return content


def learned(message: Message) -> bool:
    """Whether a model is to learn to write a message: as it says, or else when it is the assistant's."""
    said = message[2] if len(message) == 3 else None
    return message[0] == "assistant" if said is None else said


def chat_message(message: Message) -> dict[str, Value]:
    """A message as OpenAI has it, with `train` where messages say it."""
    written: dict[str, Value] = {"role": message[0], "content": message[1]}
    return {**written, "train": learned(message)} if len(message) == 3 else written


def parts_of(content: Content) -> Parts:
    """The content of a format that takes parts. Raises `RecordError` for another sort."""
    if not isinstance(content, Mapping):
        raise RecordError("the format takes its options by name, and got messages")
    return content


def text_part(parts: Parts, name: str, default: str | None = None) -> str:
    """The text under an option. Raises `RecordError` for what is no text, or empty; `default`, if any, may stand in."""
    value = parts.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise RecordError(f"`{name}` is no text")
    if not value.strip() and default is None:
        raise RecordError(f"`{name}` is empty")
    return value


def line(record: Mapping[str, Value]) -> bytes:
    """A record as one line of JSON, its keys in their order. Raises `RecordError` for what is not JSON."""
    _check_numbers(record)
    try:
        return encode(record if type(record) is dict else dict(record)) + b"\n"
    except TypeError as error:
        raise RecordError(f"the row cannot be written as JSON: {error}") from None


def _check_message(number: int, role: str, text: str) -> None:
    if role not in ROLES:
        raise RecordError(f"message {number} has the role `{role}`; there are {', '.join(ROLES)}")
    if not text.strip():
        raise RecordError(f"message {number} (`{role}`) is empty")
    if role == "system" and number > 1:
        raise RecordError(f"message {number} is a system message, and only the first may be one")


def _check_order(roles: list[str]) -> None:
    if roles[0] != "user":
        raise RecordError(f"the conversation begins with a message of `{roles[0]}`, not of `user`")
    for before, role in pairwise(roles):
        if before == "user" if role == "tool" else before == role:
            raise RecordError(f"a message of `{role}` follows one of `{before}`")


def _check_numbers(value: object) -> None:
    """JSON has no NaN and no infinity; the encoder would write null, which is another value."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordError(f"the row holds the number {value}, which JSON cannot hold")
    elif isinstance(value, Mapping):
        for part in value.values():
            _check_numbers(part)
    elif isinstance(value, list):
        for part in value:
            _check_numbers(part)
