"""Conversations as the running text that a model is trained on, and which parts of it are to be learned.

The markup of a model's own chat template is the model's affair; these are the forms that many models share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from atk_interp.formats.writers.base import Message, RecordError, learned

__all__ = ["MARKUPS", "Part", "marked_up"]

Part: TypeAlias = tuple[bool, str]
"""Whether a model is to learn to write a run of text, and the text."""


def _plain(messages: Sequence[Message]) -> Iterator[Part]:
    for message in messages:
        yield learned(message), message[1]


def _lines(messages: Sequence[Message]) -> Iterator[Part]:
    for number, message in enumerate(messages):
        yield learned(message), message[1] + ("\n" if number + 1 < len(messages) else "")


def _chatml(messages: Sequence[Message]) -> Iterator[Part]:
    for message in messages:
        yield False, f"<|im_start|>{message[0]}\n"
        yield learned(message), f"{message[1]}<|im_end|>"
        yield False, "\n"


def _llama3(messages: Sequence[Message]) -> Iterator[Part]:
    yield False, "<|begin_of_text|>"
    for message in messages:
        yield False, f"<|start_header_id|>{message[0]}<|end_header_id|>\n\n"
        yield learned(message), f"{message[1]}<|eot_id|>"


MARKUPS: Mapping[str, Callable[[Sequence[Message]], Iterator[Part]]] = {
    "chatml": _chatml,
    "llama3": _llama3,
    "lines": _lines,
    "none": _plain,
}
"""By name: ChatML (Qwen, SmolLM and many others), Llama 3, a line break between messages, and the contents alone.

The first two are written as `apply_chat_template` of `transformers` writes them for such models, without the default
system message that some of these add.
"""


_SIGNS: Mapping[str, tuple[str, ...]] = {
    "chatml": ("<|im_start|>", "<|im_end|>"),
    "llama3": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
}
"""What must not stand in a message: a model would take it for the end of the message, or for the next one."""


def marked_up(messages: Sequence[Message], markup: str) -> list[Part]:
    """The text of a conversation in runs: the markup of a message is not learned, its content and its end are.

    Raises `RecordError` for a message that holds signs of the markup itself.
    """
    for number, message in enumerate(messages, 1):
        sign = next((sign for sign in _SIGNS.get(markup, ()) if sign in message[1]), None)
        if sign is not None:
            raise RecordError(f"message {number} (`{message[0]}`) holds `{sign}`, which is a sign of the markup")
    parts = (part for part in MARKUPS[markup](messages) if part[1])
    return [(label, "".join(text for _, text in run)) for label, run in groupby(parts, key=lambda part: part[0])]
