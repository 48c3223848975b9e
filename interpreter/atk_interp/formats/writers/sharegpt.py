"""`sharegpt`: `{"conversations": [{"from": "human", "value": "…"}, …]}`, as trainers for chat models read it."""

from __future__ import annotations

from atk_interp.expressions.types import TEXT, ListType, RecordType
from atk_interp.formats.writers.base import Content, Rules, Takes, conversation, line
from atk_interp.records import dataclass

__all__ = ["RULES", "ShareGpt"]

RULES = Rules(alternating=True, ends_with_assistant=False)

_FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "tool"}


@dataclass(frozen=True, slots=True)
class ShareGpt:
    """Errors: the common ones, and turns that do not alternate from a user on: trainers drop or mask such rows.

    A last user message is kept, because trainers leave it out by themselves.
    """

    name: str = "sharegpt"
    takes: Takes = "messages"
    rules: Rules = RULES

    def layout(self, fields: RecordType) -> RecordType:
        return RecordType({"conversations": ListType(RecordType({"from": TEXT, "value": TEXT}))})

    def record(self, content: Content) -> bytes:
        messages = conversation(content, self.rules)
        return line({"conversations": [{"from": _FROM[role], "value": text} for role, text, *_ in messages]})
