"""What the conditions of earlier steps make sure of, on every row that reaches a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import TypeAlias

from atk_interp.document import Path
from atk_interp.expressions import Expression, ast
from atk_interp.expressions.outcomes import is_drawn
from atk_interp.flow import Analysis
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.records import dataclass
from atk_interp.source import Span

__all__ = ["Guarantee", "guarantees", "keeping", "written_by"]

_SAME_ROWS = (Cardinality.ONE, Cardinality.AT_MOST_ONE, Cardinality.MANY, Cardinality.SET)
"""Steps whose rows are the rows that reach them: what holds of fields that they leave alone goes on to hold."""

Terms: TypeAlias = Callable[[ast.Node], frozenset[str]]
"""What a condition asks about."""

_OF_THE_ATTEMPT = frozenset(["sample", "attempt"])


@dataclass(frozen=True)
class Guarantee:
    """A condition that holds for every row, and where that is made sure of."""

    node: ast.Node
    names: frozenset[str]
    terms: frozenset[str]
    step: str
    span: Span


def guarantees(analysis: Analysis, terms_of: Terms) -> Mapping[Path, Sequence[Guarantee]]:
    """What holds for the rows that reach each step and output, by its path. Nothing is said of steps within a loop."""
    leaving: dict[str, tuple[Guarantee, ...]] = {}
    reaching: dict[Path, tuple[Guarantee, ...]] = {}
    for name in analysis.graph.order:
        if name in analysis.views:
            view = analysis.views[name]
            held = _common([leaving.get(source, ()) for source in analysis.graph.inputs[name]])
            reaching[view.step.path] = held
            leaving[name] = (*_surviving(view, held), *_made(view, terms_of))
    for output in analysis.spec.outputs.values():
        reaching[output.path] = leaving.get(output.source, ())
    return reaching


def _common(branches: Sequence[tuple[Guarantee, ...]]) -> tuple[Guarantee, ...]:
    if len(branches) < 2:
        return branches[0] if branches else ()
    others = [{held.node for held in branch} for branch in branches[1:]]
    return tuple(held for held in branches[0] if all(held.node in nodes for nodes in others))


def _surviving(view: StepView, held: Iterable[Guarantee]) -> Iterator[Guarantee]:
    if KINDS[view.step.kind].cardinality in _SAME_ROWS:
        written = written_by(view)
        yield from (each for each in held if each.names.isdisjoint(written)) if written else held


def _made(view: StepView, terms_of: Terms) -> Iterator[Guarantee]:
    """What a step lets through; where it passes rows by, that it was not asked to look is the other way."""
    when = view.expressions.get(view.path("when")) if view.step.has_when else None
    if view.step.has_when and (when is None or not _is_lasting(when) or not written_by(view).isdisjoint(when.names)):
        return
    for expression in keeping(view):
        if _is_lasting(expression):
            names = frozenset([*expression.names, *(when.names if when else ())])
            node = ast.Or(ast.Unary("not", when.root), expression.root) if when else expression.root
            yield Guarantee(node, names, terms_of(node), view.step.name, expression.text.span())


def written_by(view: StepView) -> Set[str]:
    """The fields that a step writes, with those that the steps within it write."""
    return set(view.written).union(*map(written_by, view.inner)) if view.inner else view.written.keys()


def keeping(view: StepView, *, but: Path = ()) -> Iterator[Expression]:
    """The conditions that a row must fulfil to leave a step that works on it, without the one at a path."""
    if view.step.kind not in ("filter", "generate", "vote"):
        return
    if view.step.kind == "generate" and view.option("on_reject") == "keep":
        return  # rows without an acceptable reply go on, whatever the conditions
    rules = [(*view.path("accept"), label) for label in view.step.options.get("accept") or ()]
    for path in (*rules, view.path("keep"), view.path("pass")):
        if path != but and path in view.expressions:
            yield view.expressions[path]


def _is_lasting(expression: Expression) -> bool:
    """Whether it says of the row what is still true later on."""
    return _OF_THE_ATTEMPT.isdisjoint(expression.names) and not is_drawn(expression.root, expression.text.value)
