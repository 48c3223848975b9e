"""`calls`: what a step has asked, with the replies that it has accepted, for training a model on the same work."""

from __future__ import annotations

from collections.abc import Sequence

from atk_interp.expressions.types import RecordType
from atk_interp.formats.writers.base import Content, Message, RecordError, Takes, learned, line, parts_of
from atk_interp.formats.writers.chat import Chat
from atk_interp.formats.writers.completion import Completion
from atk_interp.formats.writers.segments import Segments
from atk_interp.records import dataclass

__all__ = ["Calls"]

_CHAT, _COMPLETION, _SEGMENTS = Chat(), Completion(), Segments()


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
        if messages and messages[0][0] == "prompt":
            return _of_completion(messages, form)
        if form == "chat":
            return _CHAT.record(messages)
        return (_COMPLETION if form == "completion" else _SEGMENTS).record(parts)


def _of_completion(messages: Sequence[Message], form: str) -> bytes:
    if form == "chat":
        raise RecordError("a completion prompt has no messages")
    if form == "completion":
        return line({"text": "".join(message[1] for message in messages)})
    return line({"segments": [{"label": bool(learned(message)), "text": message[1]} for message in messages]})
