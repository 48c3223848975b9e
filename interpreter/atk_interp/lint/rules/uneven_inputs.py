"""A condition that silently loses the rows of one branch, because they lack the field."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Code, Severity
from atk_interp.expressions import ast
from atk_interp.expressions.types import MaybeType
from atk_interp.kinds.base import StepView
from atk_interp.lint.conditions import conditions
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["UnevenInputs"]

_LOSING = ("keep", "where")


class UnevenInputs(Rule):
    code = Code(
        "ATK527",
        "uneven-inputs",
        Severity.WARNING,
        finds="A `keep` or `where` that compares a field which the rows of one of several inputs do not have.",
        why="The field is none in those rows, which equals nothing: they are all lost without a word.",
        bad='both: {from: [judged, plain], kind: filter, keep: verdict == "good"}   # `plain` has no `verdict`',
        good='both: {from: [judged, plain], kind: filter, keep: verdict is none or verdict == "good"}',
    )

    def check(self, context: LintContext) -> None:
        for view in context.views():
            for path in view.expressions if view.lacking else ():
                for condition in conditions(view, path):
                    if condition.is_whole and condition.key in _LOSING:
                        self._check(context, view, condition.expression.root, path)

    def _check(self, context: LintContext, view: StepView, root: ast.Node, path: tuple[str | int, ...]) -> None:
        for name, place in _compared(root):
            why = view.lacking.get(name, "")
            before = view.scopes[path].get(name)
            if not why.startswith("rows of step ") or not isinstance(before, MaybeType):
                continue
            span = view.expressions[path].span(place)
            if not context.has_error_in(span):
                context.sink.report(
                    self.code,
                    span,
                    f"`{name}` is none in some rows, and this loses them all",
                    notes=[why],
                    help=f"write `{name} is none or …` if they are to be kept, `{name} is not none and …` if not",
                )


def _compared(root: ast.Node) -> Iterator[tuple[str, ast.Node]]:
    """The names that are compared with something and asked nothing else, each with its comparison."""
    used = [node.name for node in ast.walk(root) if isinstance(node, ast.Name)]
    for node in ast.walk(root):
        match node:
            case ast.Comparison(first=ast.Name(name=name), rest=[(("==" | "in"), other)]) if used.count(name) == 1:
                if not (isinstance(other, ast.Literal) and other.value is None):
                    yield name, node
