"""`preference`: a prompt with a better and a worse answer, for DPO and its kin."""

from __future__ import annotations

from atk_interp.expressions.types import TEXT, RecordType
from atk_interp.formats.writers.base import (
    MESSAGES,
    ROLES,
    Content,
    Message,
    RecordError,
    Takes,
    line,
    parts_of,
    text_part,
)
from atk_interp.records import dataclass
from atk_interp.values import Value

__all__ = ["Preference"]


@dataclass(frozen=True, slots=True)
class Preference:
    """With `prompt`, three texts; with `messages`, three lists of messages, of which the last two have one each.

    These are the standard and the conversational form of TRL's preference datasets with an explicit prompt. Errors: an
    empty text, answers that are the same, and messages that do not end with the user.
    """

    name: str = "preference"
    takes: Takes = "parts"

    def layout(self, fields: RecordType) -> RecordType:
        type_ = MESSAGES if "messages" in fields.fields else TEXT
        return RecordType(dict.fromkeys(("prompt", "chosen", "rejected"), type_))

    def record(self, content: Content) -> bytes:
        parts = parts_of(content)
        chosen, rejected = text_part(parts, "chosen"), text_part(parts, "rejected")
        if chosen == rejected:
            raise RecordError("`chosen` and `rejected` are the same")
        if "messages" not in parts:
            return line({"prompt": text_part(parts, "prompt"), "chosen": chosen, "rejected": rejected})
        prompt: list[Value] = [_asked(number, message) for number, message in enumerate(parts["messages"], 1)]
        if not parts["messages"] or parts["messages"][-1][0] != "user":
            raise RecordError("the messages before the answers do not end with one of `user`")
        answers: list[Value] = [[{"role": "assistant", "content": answer}] for answer in (chosen, rejected)]
        return line({"prompt": prompt, "chosen": answers[0], "rejected": answers[1]})


def _asked(number: int, message: Message) -> Value:
    role, text, *_ = message
    if role not in ROLES:
        raise RecordError(f"message {number} has the role `{role}`; there are {', '.join(ROLES)}")
    if not text.strip():
        raise RecordError(f"message {number} (`{role}`) is empty")
    return {"role": role, "content": text}
