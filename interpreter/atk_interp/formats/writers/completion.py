"""`completion`: `{"text": "…"}`, for continued pretraining."""

from __future__ import annotations

from atk_interp.expressions.types import TEXT, RecordType
from atk_interp.formats.writers.base import Content, Rules, Takes, conversation, line, parts_of, text_part
from atk_interp.formats.writers.markup import marked_up
from atk_interp.records import dataclass

__all__ = ["Completion"]

_RULES = Rules(alternating=False, ends_with_assistant=False)


@dataclass(frozen=True, slots=True)
class Completion:
    """The text of the spec, or a conversation with its markup. Errors: an empty text, those of
    conversations, and a message that holds signs of the markup (`<|im_end|>`)."""

    name: str = "completion"
    takes: Takes = "parts"

    def layout(self, fields: RecordType) -> RecordType:
        return RecordType({"text": TEXT})

    def record(self, content: Content) -> bytes:
        parts = parts_of(content)
        if "messages" not in parts:
            return line({"text": text_part(parts, "text")})
        runs = marked_up(conversation(parts["messages"], _RULES), parts["markup"])
        return line({"text": "".join(text for _, text in runs)})
