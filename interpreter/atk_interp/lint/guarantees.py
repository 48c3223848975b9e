"""What the conditions of earlier steps make sure of, on every row that reaches a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from atk_interp.document import Path
from atk_interp.expressions import Expression, ast
from atk_interp.expressions.memory import Memory
from atk_interp.expressions.outcomes import is_drawn
from atk_interp.flow import Analysis
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.lint.conditions import terms_in
from atk_interp.records import dataclass
from atk_interp.source import Span

__all__ = ["Guarantee", "guarantees", "keeping", "written_by"]

_SAME_ROWS = (Cardinality.ONE, Cardinality.AT_MOST_ONE, Cardinality.MANY, Cardinality.SET)
"""Steps whose rows are the rows that reach them: what holds of fields that they leave alone goes on to hold."""

_OF_THE_ATTEMPT = frozenset(["sample", "attempt"])
_PASSED_OR_KEPT: Memory[ast.Or] = Memory()


@dataclass(frozen=True)
class Guarantee:
    """A condition that holds for every row, and where that is made sure of."""

    node: ast.Node
    names: frozenset[str]
    terms: frozenset[str]
    step: str
    span: Span


@dataclass(frozen=True)
class _Held:
    """All that holds on an edge, the earliest first, and the names in it."""

    each: tuple[Guarantee, ...] = ()
    names: frozenset[str] = frozenset()

    def and_(self, more: Sequence[Guarantee]) -> _Held:
        return _Held((*self.each, *more), self.names.union(*(held.names for held in more))) if more else self

    def without(self, written: Set[str]) -> _Held:
        """What goes on to hold when these fields are written."""
        if self.names.isdisjoint(written):
            return self
        return _Held().and_([held for held in self.each if held.names.isdisjoint(written)])


def guarantees(analysis: Analysis) -> Mapping[Path, Sequence[Guarantee]]:
    """What holds for the rows that reach each step and output, by its path. Nothing is said of steps within a loop."""
    leaving: dict[str, _Held] = {}
    reaching: dict[Path, Sequence[Guarantee]] = {}
    for name in analysis.graph.order:
        if name in analysis.views:
            view = analysis.views[name]
            held = _common([leaving.get(source, _Held()) for source in analysis.graph.inputs[name]])
            reaching[view.step.path] = held.each
            leaving[name] = _surviving(view, held).and_([*_made(view)])
    for output in analysis.spec.outputs.values():
        reaching[output.path] = leaving.get(output.source, _Held()).each
    return reaching


def _common(branches: Sequence[_Held]) -> _Held:
    if len(branches) < 2:
        return branches[0] if branches else _Held()
    others = [{held.node for held in branch.each} for branch in branches[1:]]
    return _Held().and_([held for held in branches[0].each if all(held.node in nodes for nodes in others)])


def _surviving(view: StepView, held: _Held) -> _Held:
    return held.without(written_by(view)) if KINDS[view.step.kind].cardinality in _SAME_ROWS else _Held()


def _made(view: StepView) -> Iterator[Guarantee]:
    """What a step lets through; where it passes rows by, that it was not asked to look is the other way."""
    when = view.expressions.get(view.path("when")) if view.step.has_when else None
    if view.step.has_when and (when is None or not _is_lasting(when) or not written_by(view).isdisjoint(when.names)):
        return
    for expression in keeping(view):
        if _is_lasting(expression):
            names = frozenset([*expression.names, *(when.names if when else ())])
            node = _passed_or_kept(when.root, expression.root) if when else expression.root
            yield Guarantee(node, names, terms_in(node), view.step.name, expression.text.span())


def _passed_or_kept(when: ast.Node, kept: ast.Node) -> ast.Node:
    """What holds after a step that keeps some of the rows that it does not pass by; the same node for the same two."""
    nodes = (when, kept)
    return _PASSED_OR_KEPT.recall(nodes, {}) or _PASSED_OR_KEPT.keep(ast.Or(ast.Unary("not", when), kept), nodes, {})


def written_by(view: StepView) -> Set[str]:
    """The fields that a step writes, with those that the steps within it write."""
    return set(view.written).union(*map(written_by, view.inner)) if view.inner else view.written.keys()


def keeping(view: StepView, *, but: Path = ()) -> Iterator[Expression]:
    """The conditions that a row must fulfil to leave a step that works on it, without the one at a path."""
    if view.step.kind not in ("filter", "generate", "vote"):
        return
    if view.step.kind != "filter" and view.option("on_reject") == "keep":
        return  # rows without an acceptable reply go on, whatever the conditions
    rules = [(*view.path("accept"), label) for label in view.step.options.get("accept") or ()]
    for path in (*rules, view.path("keep"), view.path("pass")):
        if path != but and path in view.expressions:
            yield view.expressions[path]


def _is_lasting(expression: Expression) -> bool:
    """Whether it says of the row what is still true later on."""
    return _OF_THE_ATTEMPT.isdisjoint(expression.names) and not is_drawn(expression.root, expression.text.value)
