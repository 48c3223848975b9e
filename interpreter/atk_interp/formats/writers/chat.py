"""`chat`: `{"messages": [{"role": "user", "content": "…"}, …]}`, as OpenAI's fine-tuning takes it."""

from __future__ import annotations

from atk_interp.expressions.types import RecordType
from atk_interp.formats.writers.base import MESSAGES, Content, Rules, Takes, chat_message, conversation, line
from atk_interp.records import dataclass

__all__ = ["RULES", "Chat"]

RULES = Rules(alternating=False, ends_with_assistant=True)


@dataclass(frozen=True, slots=True)
class Chat:
    """Errors: the common ones, and a conversation that does not end with the assistant: the endpoint refuses it.

    Turns need not alternate: a speaker may send two messages in a row, and the assistant may begin. When a message of
    the spec says `train`, all of the file have `"train"`: true or false as it says, or else whether it is the
    assistant's (Axolotl reads it as `message_field_training: train`).
    """

    name: str = "chat"
    takes: Takes = "messages"
    rules: Rules = RULES

    def layout(self, fields: RecordType) -> RecordType:
        return RecordType({"messages": MESSAGES})

    def record(self, content: Content) -> bytes:
        return line({"messages": list(map(chat_message, conversation(content, self.rules)))})
