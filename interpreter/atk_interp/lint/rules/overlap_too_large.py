"""Passages that overlap so far that nothing new fits into them."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.kinds.base import StepView, is_formula
from atk_interp.kinds.chunk import SMALLEST
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["OverlapTooLarge"]


class OverlapTooLarge(Rule):
    code = Code(
        "ATK544",
        "overlap-too-large",
        Severity.ERROR,
        finds="A `chunk` step whose `overlap` leaves no room for new text within `max_tokens`.",
        why="The run would stop before its first row.",
        bad="max_tokens: 100\noverlap: 100",
        good="max_tokens: 100\noverlap: 20",
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            if view.step.kind != "chunk" or not view.given("overlap"):
                continue
            most, overlap = _number(view, "max_tokens"), _number(view, "overlap")
            if most is None or overlap is None or most - overlap >= SMALLEST:
                continue
            document = view.document
            context.sink.report(
                self.code,
                document.span(view.path("overlap")),
                f"of {most} tokens, {max(0, most - overlap)} are left for new text",
                labels=[Label(document.span(view.path("max_tokens")), f"{most} tokens")],
                help=f"leave at least {SMALLEST}",
            )


def _number(view: StepView, name: str) -> int | None:
    """What an option is, as written or by the default of the parameter that it names; None when it is not known."""
    value = view.step.options.get(name)
    if is_formula(value):
        param = view.spec.params.get(str(value)[1:].strip())
        value = param.default if param is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
