"""A few-shot reply in a prompt that the step's own parser cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Code, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.replies import ReplyUnreadable
from atk_interp.templates.messages import MessageTemplate

__all__ = ["UnreadExample"]


class UnreadExample(Rule):
    code = Code(
        "ATK421",
        "unread-example",
        Severity.ERROR,
        finds="An assistant message in a prompt file that the step's `parse` cannot read.",
        why="The model imitates its examples: every reply in that form would be rejected.",
        bad='- assistant: "It is suitable."   # parse: {choice: […], after: "Verdict:"}',
        good='- assistant: "Verdict: suitable"',
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            for example in _examples(view):
                assert view.reader is not None
                try:
                    view.reader.read(example.content.constant or "")
                except ReplyUnreadable as error:
                    parse = view.document.key_span(view.path("parse"))
                    context.sink.report(
                        self.code,
                        example.content.text.span(),
                        f"step `{view.step.name}` cannot read this example: {error}",
                        notes=[f"its `parse` stands at {parse.file.path}:{parse.begin.line}:{parse.begin.column}"],
                        help="write the example in the form that `parse` reads",
                    )


def _examples(view: StepView) -> Iterator[MessageTemplate]:
    """Assistant messages without holes, in the prompts of a step that parses."""
    for prompt in view.loaded.values() if view.reader is not None else ():
        for item in prompt.messages.items if prompt.messages is not None else ():
            if isinstance(item, MessageTemplate) and item.role.constant == "assistant" and item.content.constant:
                yield item
