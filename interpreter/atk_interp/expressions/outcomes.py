"""Whether a condition can come out true, and whether it can come out false, before any row is there.

A condition is made of terms (a field, `text | length`, a call) that are compared with constants, asked for their
truth, or combined. Each term gets a value of every sort that the condition can tell apart: each choice of a text,
the numbers at, between and beyond those it is compared with, none where it may be missing. All combinations are
tried. What cannot be followed (two fields compared with each other) may be true or false. So only what is certain
is concluded: one outcome too many costs a finding, one too few would be a false alarm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

from atk_interp.diagnostics import Sink
from atk_interp.expressions import ast
from atk_interp.expressions.check import Checker
from atk_interp.expressions.conditions import Condition, Failed, Reader, is_drawn
from atk_interp.expressions.domains import Bounds, Term
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.types import ANY, Type

__all__ = ["Outcomes", "is_drawn", "is_plainly_open", "outcomes", "terms_of"]

Outcomes = frozenset[bool]
"""The truth values that a condition can have. Empty when it was not found to have any."""

_BOTH: Outcomes = frozenset([True, False])
_MOST = 2_000
"""Combinations that are tried; a condition with more may be anything."""
_FEW = 6
"""Terms of which the combinations are not worth counting before all is read."""


def outcomes(
    expression: Expression,
    scope: Mapping[str, Type],
    *,
    part: ast.Node | None = None,
    given: Sequence[ast.Node] = (),
    bounds: Mapping[str, Bounds] | None = None,
) -> Outcomes:
    """The truth values of an expression, or a `part` of it, on the rows where all the conditions of `given` hold.

    `scope` has the types of the names, and `bounds` the least and greatest value of some that are numbers. Rows on
    which a condition fails do not count.
    """
    checker = Checker(expression, scope, Sink(), None)
    reader = Reader(scope, checker.check_quietly, bounds or {})
    condition = reader.read(expression.root if part is None else part)
    held: list[Condition] = []
    for node in given:
        held.append(reader.read(node))
        if len(reader.terms) > _FEW and _combinations(reader.terms) > _MOST:
            return _BOTH  # further ones only add to them
    return _tried(condition, held, reader.terms)


def is_plainly_open(
    expression: Expression, scope: Mapping[str, Type], part: ast.Node, bounds: Mapping[str, Bounds]
) -> bool:
    """Whether a condition, and each part of it, is true for some rows and false for others, as is seen at a glance.

    So it is when no two questions in it are about the same term, and each may be answered with yes and with no.
    """
    reader = Reader(scope, Checker(expression, scope, Sink(), None).check_quietly, bounds)
    reader.read(part)
    if reader.is_intricate or len(reader.questions) != len(reader.terms):
        return False
    return all(_may_be_both(question, place, reader.terms[place]) for place, question in reader.questions)


def _may_be_both(question: Condition, place: int, term: Term) -> bool:
    found = {_outcome(question, (), (None,) * place + (value,)) for value in term.values()}
    return found >= _BOTH


def terms_of(node: ast.Node) -> frozenset[str]:
    """What a condition asks about, to be compared with what another one does: conditions that share nothing of it
    have no bearing on each other."""
    reader = Reader({}, lambda _: ANY, {})
    reader.read(node)
    return reader.keys


def _combinations(terms: Sequence[Term]) -> int:
    return prod(len(term.values()) for term in terms)


def _tried(condition: Condition, held: Sequence[Condition], terms: Sequence[Term]) -> Outcomes:
    domains = [term.values() for term in terms]
    if prod(map(len, domains)) > _MOST:
        return _BOTH
    found: set[bool] = set()
    for values in product(*domains):
        outcome = _outcome(condition, held, values)
        if outcome is not None:
            found.add(outcome)
            if len(found) == 2:
                break
    return frozenset(found)


def _outcome(condition: Condition, held: Sequence[Condition], values: Sequence[object]) -> bool | None:
    """Whether the condition holds; None when a given one does not, or one of them fails."""
    try:
        return condition(values) if all(each(values) for each in held) else None
    except Failed:
        return None
