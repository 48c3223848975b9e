"""A condition that comes out the same on every row."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.conditions import Condition, conditions, is_plainly_open_in, key_of, outcome_of, parts, reasons
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["ConstantCondition"]


class ConstantCondition(Rule):
    code = Code(
        "ATK314",
        "constant-condition",
        Severity.WARNING,
        finds="A condition, or a part of one, that holds on every row or on none, whatever the rows are.",
        why="It decides nothing: all rows are kept or all are lost, and what was meant is not asked.",
        bad='keep: verdict == "good" and verdict == "fair"',
        good='keep: verdict in ["good", "fair"]',
    )

    def check(self, context: LintContext) -> None:
        for view in context.views():
            for path in view.expressions:
                if key_of(view, path) == "pass":
                    continue  # told of as a vote that decides nothing
                for condition in conditions(view, path):
                    if not is_plainly_open_in(condition, view, context.param_bounds):
                        self._check(context, view, condition)

    def _check(self, context: LintContext, view: StepView, condition: Condition) -> None:
        found = outcome_of(condition, view, context.param_bounds)
        if len(found) != 1:
            for part in parts(condition):
                self._check(context, view, part)
            return
        holds = True in found
        if condition.key == "when" and condition.is_whole and not holds:
            return  # the step is never done, which is told there
        span = condition.expression.span(condition.node)
        if context.has_error_in(condition.expression.text.span()):
            return
        what = f"`{condition.path[-1]}`" if condition.is_whole else "this"
        context.sink.report(
            self.code,
            span,
            f"{what} holds on {'every row' if holds else 'no row'}, whatever is in it",
            notes=reasons(condition, view, context.param_bounds),
            help="write what was meant, or remove it",
        )
