"""`chat`: `{"messages": [{"role": "user", "content": "…"}, …]}`, as OpenAI's fine-tuning takes it."""

from __future__ import annotations

from atk_interp.formats.writers.base import Content, Rules, Takes, conversation, line
from atk_interp.records import dataclass

__all__ = ["RULES", "Chat"]

RULES = Rules(alternating=False, ends_with_assistant=True)


@dataclass(frozen=True, slots=True)
class Chat:
    """Errors: the common ones, and a conversation that does not end with the assistant: the endpoint refuses it.

    Turns need not alternate: a speaker may send two messages in a row, and the assistant may begin.
    """

    name: str = "chat"
    takes: Takes = "messages"
    rules: Rules = RULES

    def record(self, content: Content) -> bytes:
        messages = conversation(content, self.rules)
        return line({"messages": [{"role": role, "content": text} for role, text in messages]})
