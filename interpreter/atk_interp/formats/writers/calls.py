"""`calls`: what a step has asked, with the replies that it has accepted, for training a model on the same work."""

from __future__ import annotations

from atk_interp.expressions.types import RecordType
from atk_interp.formats.writers.base import (
    Content,
    RecordError,
    Rules,
    Takes,
    chat_message,
    conversation,
    learned,
    line,
    parts_of,
)
from atk_interp.formats.writers.markup import marked_up
from atk_interp.records import dataclass

__all__ = ["Calls"]

_RULES = Rules(alternating=False, ends_with_assistant=True)


@dataclass(frozen=True, slots=True)
class Calls:
    """A call is a conversation that ends with the reply, and the reply alone is to be learned: in `chat` all messages
    say `"train"`, and in `segments` all that was sent is labelled false.

    What was sent stands there as it was sent, with the turns in which `feedback` has shown the model a failed reply. A
    completion prompt and its reply are one text without markup, and no `chat`. Of a reply of which several rows were
    made there is one record, made with the first of these rows that `where` takes. Of a `vote` those replies count with
    which the row would have passed as well had all votes been the same. Errors: those of the format that it is written
    as.
    """

    name: str = "calls"
    takes: Takes = "parts"

    def layout(self, fields: RecordType) -> RecordType:
        return RecordType(open=True)

    def record(self, content: Content) -> bytes:
        parts = parts_of(content)
        messages, form = parts["messages"], parts["as"]
        is_completion = bool(messages) and messages[0][0] == "prompt"
        if form == "chat" and is_completion:
            raise RecordError("a completion prompt has no messages")
        if form == "chat":
            return line({"messages": list(map(chat_message, conversation(messages, _RULES)))})
        if is_completion:
            runs = [(learned(message), message[1]) for message in messages]
        else:
            runs = marked_up(conversation(messages, _RULES), parts["markup"])
        if form == "completion":
            return line({"text": "".join(text for _, text in runs)})
        if not any(label for label, _ in runs):
            raise RecordError("nothing of the call is to be learned")
        return line({"segments": [{"label": label, "text": text} for label, text in runs]})
