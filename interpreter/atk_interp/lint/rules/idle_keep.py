"""A `keep` that what was accepted always fulfils."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.lint.conditions import Condition, outcome_of
from atk_interp.lint.context import LintContext
from atk_interp.lint.guarantees import keeping
from atk_interp.lint.rules.base import Rule

__all__ = ["IdleKeep"]

_ALWAYS = frozenset([True])


class IdleKeep(Rule):
    code = Code(
        "ATK547",
        "idle-keep",
        Severity.WARNING,
        finds="A `keep` that holds for every reply that `accept` lets through.",
        why="It filters nothing, and the rows that it was to filter are asked about again and rejected instead.",
        bad='accept: {it is good: verdict == "good"}\nkeep: verdict == "good"',
        good='keep: verdict == "good"',
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            path = view.path("keep")
            rules = [rule for rule in keeping(view, but=path) if path in view.expressions]
            if not rules:
                continue
            keep = Condition(view.expressions[path], view.expressions[path].root, path, "keep")
            for rule in rules:
                if outcome_of(keep, view, context.param_bounds, [rule.root]) != _ALWAYS:
                    continue
                if outcome_of(keep, view, context.param_bounds) != _ALWAYS and not context.has_error_in(
                    keep.expression.text.span()
                ):
                    context.sink.report(
                        self.code,
                        keep.expression.text.span(),
                        "every reply that `accept` lets through is kept, so `keep` filters nothing",
                        labels=[Label(rule.text.span(), "a reply must fulfil this before")],
                        help="remove the one or the other: `accept` asks again and rejects, `keep` filters",
                    )
                break
