"""A rule over replies that does not look at the reply."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.expressions.outcomes import is_drawn
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["FutileAccept"]

_OF_THE_REPLY = ("sample", "attempt")


class FutileAccept(Rule):
    code = Code(
        "ATK545",
        "futile-accept",
        Severity.WARNING,
        finds="A rule under `accept` that reads nothing of the reply.",
        why="Asking again cannot change it: a row that breaks it is paid for `attempts` times, and then rejected.",
        bad="parse: {text: question}\naccept: {the passage is long: text | length > 100}",
        good="long: {kind: filter, keep: text | length > 100}   # before the step that asks",
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            if view.reader is None:
                continue
            for label in view.step.options.get("accept") or ():
                path = (*view.path("accept"), label)
                expression = view.expressions.get(path)
                if expression is None or not expression.names or is_drawn(expression.root, expression.text.value):
                    continue
                if any(name in view.reader.fields or name in _OF_THE_REPLY for name in expression.names):
                    continue
                span = expression.text.span()
                if not context.has_error_in(span):
                    context.sink.report(
                        self.code,
                        span,
                        "this looks at nothing that the reply says, so asking again cannot change it",
                        notes=["the reply gives " + ", ".join(f"`{name}`" for name in view.reader.fields)],
                        help="ask it before: in the `keep` of a `filter` step, or in `when`",
                    )
