"""`segments`: `{"segments": [{"label": false, "text": "…"}, …]}`, for training on some parts of a text only."""

from __future__ import annotations

from atk_interp.expressions.types import BOOL, TEXT, ListType, RecordType
from atk_interp.formats.writers.base import Content, RecordError, Rules, Takes, conversation, line, parts_of
from atk_interp.formats.writers.markup import marked_up
from atk_interp.records import dataclass

__all__ = ["Segments"]

_RULES = Rules(alternating=False, ends_with_assistant=False)


@dataclass(frozen=True, slots=True)
class Segments:
    """Axolotl's template-free form (`type: input_output`): a model learns to write what is labelled true.

    A message is learned when its `train` is true, or else when it is the assistant's; the markup around it never is.
    Errors: the common ones, a message that holds signs of the markup (`<|im_end|>`), and a conversation of which
    nothing is to be learned.
    """

    name: str = "segments"
    takes: Takes = "parts"

    def layout(self, fields: RecordType) -> RecordType:
        return RecordType({"segments": ListType(RecordType({"label": BOOL, "text": TEXT}))})

    def record(self, content: Content) -> bytes:
        parts = parts_of(content)
        runs = marked_up(conversation(parts["messages"], _RULES), parts["markup"])
        if not any(label for label, _ in runs):
            raise RecordError("nothing of the conversation is to be learned")
        return line({"segments": [{"label": label, "text": text} for label, text in runs]})
