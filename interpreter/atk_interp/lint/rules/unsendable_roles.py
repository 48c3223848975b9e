"""A prompt, or a conversation of an output, whose order of roles many chat templates refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.refusals import refusal
from atk_interp.lint.rules.base import Rule
from atk_interp.records import dataclass
from atk_interp.source import Span
from atk_interp.templates import Each, MessageList, MessageTemplate

__all__ = ["UnsendableRoles"]

_INSTRUCTING = ("system", "developer")
_REFUSED = "which many chat templates refuse"

_Turn = tuple[str, MessageTemplate | Each]
"""A message in the order in which it is sent. The role is empty where it, or whether it comes, is not known."""


@dataclass(frozen=True)
class _Wrong:
    """What is wrong with a message, and the other one that it is wrong beside."""

    item: MessageTemplate | Each
    told: str
    help: str
    other: MessageTemplate | Each | None = None
    label: str = ""


class UnsendableRoles(Rule):
    code = Code(
        "ATK412",
        "unsendable-roles",
        Severity.WARNING,
        finds="A system message that is not the first, two messages of one role in a row, an assistant who begins, "
        "or a `tool` message.",
        why="The chat templates of many models refuse such a list, or put it together as something else.",
        bad="- user: Here is a passage.\n- user: Write a question about it.",
        good="- user: Here is a passage. Write a question about it.",
    )

    def check(self, context: LintContext) -> None:
        for prompt in {asked.prompt.name: asked.prompt for asked in context.asked_soundly}.values():
            if prompt.messages is not None:
                self._look(prompt.messages, context)
        for view in context.analysis.outputs.values():
            if refusal(view) is not None:
                continue  # its own format refuses it, which is told as an error
            for messages in view.message_lists.values():
                self._look(messages, context, repeated_only=True)  # who begins and who ends is for the format to say

    def _look(self, messages: MessageList, context: LintContext, *, repeated_only: bool = False) -> None:
        wrong = _repeated if repeated_only else _first_wrong
        found = wrong(list(_turns(messages.items)))
        for item in messages.items if found is None else ():
            if isinstance(item, Each) and item.when is not None:
                found = found or wrong(list(_turns(item.body)))
        if found is not None:
            self._report(found, messages, context)

    def _report(self, found: _Wrong, written: MessageList, context: LintContext) -> None:
        labels = [Label(_place(found.other, written), found.label)] if found.other is not None else ()
        context.sink.report(self.code, _place(found.item, written), found.told, labels=labels, help=found.help)


def _first_wrong(turns: Sequence[_Turn]) -> _Wrong | None:
    """The first thing that is wrong: what comes after it often follows."""
    tool = next((item for role, item in turns if role == "tool"), None)
    if tool is not None:
        told = "a `tool` message answers a call of a tool, and prompts have none"
        return _Wrong(tool, told, "write it as a `user` message")
    begun = [turn for turn in turns if turn[0] not in _INSTRUCTING]
    if len(begun) > 1 and begun[0][0] == "assistant":
        return _Wrong(begun[0][1], f"the assistant speaks first, {_REFUSED}", "begin with a `user` message")
    repeated = _repeated(turns)
    if repeated is not None:
        return repeated
    late = next((turn for turn in turns[1:] if turn[0] in _INSTRUCTING), None)
    if late is None or not turns[0][0]:
        return None
    told = f"this `{late[0]}` message is not the first, {_REFUSED}"
    help_ = "put it at the beginning, or write it as a `user` message"
    return _Wrong(late[1], told, help_, turns[0][1], "the first message")


def _repeated(turns: Sequence[_Turn]) -> _Wrong | None:
    """The first message that follows another of its role."""
    for (before, first), (role, second) in pairwise(turns):
        if role and role == before and first is second:
            help_ = "write a `{% for %}` loop in the content of one message"
            return _Wrong(second, f"`each` puts one `{role}` message after another, {_REFUSED}", help_)
        if role and role == before:
            told = f"two `{role}` messages follow each other, {_REFUSED}"
            return _Wrong(second, told, "join them into one", first, "the one before")
    return None


def _turns(items: Sequence[MessageTemplate | Each]) -> Iterator[_Turn]:
    """The messages in order; those under `each` twice, for the last of them is followed by the first."""
    for item in items:
        if item.when is not None:
            yield "", item
        elif isinstance(item, MessageTemplate):
            yield item.role.constant or "", item
        else:
            yield from [*_turns(item.body)] * 2


def _place(item: MessageTemplate | Each, written: MessageList) -> Span:
    """The role of a message, as a key or under `role`."""
    if isinstance(item, Each):
        return written.document.head_span(item.path)
    if "role" in written.document.get(item.path):
        return written.document.span((*item.path, "role"))
    return written.document.key_span((*item.path, item.role.constant or ""))
