"""A condition as a function of the values of its terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from atk_interp.expressions import ast
from atk_interp.expressions.constants import OPEN, written_out
from atk_interp.expressions.domains import UNBOUNDED, Bounds, Term
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions import CALLS, FILTERS, TESTS, Form
from atk_interp.expressions.operators import COMPARISONS
from atk_interp.expressions.types import ANY, BOOL, AnyType, Type
from atk_interp.expressions.unparse import unparse

__all__ = ["Condition", "Failed", "Reader", "is_drawn"]

Condition: TypeAlias = Callable[[Sequence[object]], bool]
"""From the values of all terms, in their order, to the outcome. Raises `Failed`."""


class Failed(Exception):
    """The condition cannot be evaluated for these values."""


_COMPARING = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": "in"}
_OF_THE_TYPE = frozenset(
    ["none", "true", "false", "boolean", "string", "integer", "float", "number", "mapping", "sequence", "iterable"],
)
"""Tests that a value of each sort answers for all of its sort."""

_ASKING = (ast.Conditional, ast.Comparison, ast.Test, ast.And, ast.Or)
_NEGATED = {"!=": "==", "not in": "in"}
_COUNTS = (0.0, UNBOUNDED[1])
_FRACTIONS = (0.0, 1.0)
_RESULTS: Mapping[str, Bounds] = {
    **dict.fromkeys(("length", "wordcount", "tokens"), _COUNTS),
    **dict.fromkeys(("share", "coverage"), _FRACTIONS),
}
"""What these filters give lies within bounds, whatever they are given."""

_BUILT_IN: Mapping[str, Bounds] = {"sample": _COUNTS, "attempt": _COUNTS}


_DRAWING = frozenset(name for table in (FILTERS.own, CALLS) for name, each in table.items() if each.form is Form.SEEDED)
"""What makes a choice: no function of a package does."""


def is_drawn(node: ast.Node, text: str) -> bool:
    """Whether a random choice is made in it: written twice, it is made twice. `text` is how it is written."""
    if not any(name in text for name in _DRAWING):
        return False
    return any(isinstance(inner, ast.Filter | ast.Call) and inner.name in _DRAWING for inner in ast.walk(node))


class Reader:
    """Reads conditions about the same row: equal terms are one term."""

    def __init__(
        self, scope: Mapping[str, Type], type_of: Callable[[ast.Node], Type], bounds: Mapping[str, Bounds]
    ) -> None:
        self.terms: list[Term] = []
        self.questions: list[tuple[int, Condition]] = []
        """What is asked of a term, with its place, in the order in which it is written."""
        self.is_intricate = False
        """Whether a part was found that is always true, or never, or a condition inside of a term."""
        self._scope = scope
        self._type_of = type_of
        self._bounds = {**_BUILT_IN, **bounds}
        self._numbers: dict[str, int] = {}

    @property
    def keys(self) -> frozenset[str]:
        """What tells the terms from each other, for comparing those of two conditions."""
        return frozenset(self._numbers)

    def read(self, node: ast.Node) -> Condition:
        """The truth of a node."""
        match node:
            case ast.Literal(value=value):
                return self._always(bool(value))
            case ast.Unary(operator="not", operand=operand):
                return _not(self.read(operand))
            case ast.And(left=left, right=right):
                first, second = self.read(left), self.read(right)
                return lambda values: first(values) and second(values)
            case ast.Or(left=left, right=right):
                first, second = self.read(left), self.read(right)
                return lambda values: first(values) or second(values)
            case ast.Conditional():
                return self._conditional(node)
            case ast.Comparison(first=start, rest=rest):
                nodes = (start, *(operand for _, operand in rest))
                links = [self._link(operator, nodes[place], right) for place, (operator, right) in enumerate(rest)]
                return links[0] if len(links) == 1 else lambda values: all(link(values) for link in links)
            case ast.Test():
                tested = self._test(node)
                return _not(tested) if node.negated else tested
        return self._truth(node)

    def _conditional(self, node: ast.Conditional) -> Condition:
        asked, value = self.read(node.condition), self.read(node.value)
        otherwise = self._always(False) if node.otherwise is None else self.read(node.otherwise)
        return lambda values: value(values) if asked(values) else otherwise(values)

    def _truth(self, node: ast.Node) -> Condition:
        constant = written_out(node)
        if constant is not OPEN:
            return self._always(bool(constant))
        place = self._term(node)
        return self._asked(place, lambda values: bool(values[place]))

    def _link(self, operator: str, left: ast.Node, right: ast.Node) -> Condition:
        if operator in _NEGATED:
            return _not(self._link(_NEGATED[operator], left, right))
        compare = COMPARISONS[operator]
        one, other = written_out(left), written_out(right)
        if one is not OPEN and other is not OPEN:
            self.is_intricate = True
            return _comparing(lambda _: one, lambda _: other, compare)
        if other is not OPEN and not _is_order_of_texts(operator, other):
            place = self._term(left)
            for constant in other if operator == "in" and isinstance(other, list) else [other]:
                self.terms[place].compared(constant)
            return self._asked(place, _comparing(lambda values: values[place], lambda _: other, compare))
        if one is not OPEN and operator != "in" and not _is_order_of_texts(operator, one):
            place = self._term(right)
            self.terms[place].compared(one)
            return self._asked(place, _comparing(lambda _: one, lambda values: values[place], compare))
        return self._relation(operator, left, right)

    def _relation(self, operator: str, left: ast.Node, right: ast.Node) -> Condition:
        """Two terms compared with each other: true or false, but the same wherever it is written."""
        one, other = unparse(left), unparse(right)
        drawn = is_drawn(left, one) or is_drawn(right, other)
        if operator != "in" and one == other and not drawn:
            return self._always(operator in ("==", "<=", ">="))
        is_negated = operator in ("<=", ">=")
        if operator in (">", "<=") or (operator == "==" and one > other):
            one, other = other, one
        sign = operator if operator in ("==", "in") else "<"
        place = self._numbered(f"{one} {sign} {other}", left, BOOL, drawn=drawn)
        self.is_intricate = self.is_intricate or _has_inner(right)
        return self._asked(place, lambda values: bool(values[place]) is not is_negated)

    def _test(self, node: ast.Test) -> Condition:
        function = TESTS.get(node.name)
        name = function.name if function is not None else ""
        if name in _COMPARING and len(node.args) == 1 and not node.keywords:
            return self._link(_COMPARING[name], node.target, node.args[0])
        if function is not None and name in _OF_THE_TYPE and not node.args and not node.keywords:
            apply = function.apply
            constant = written_out(node.target)
            if constant is not OPEN:
                return self._always(bool(apply(constant)))
            place = self._term(node.target)
            return self._asked(place, lambda values: bool(apply(values[place])))
        if name in ("defined", "undefined") and self._is_there(node.target):
            return self._always(name == "defined")
        asked = ast.Test(node.target, node.name, node.args, node.keywords)
        text = unparse(asked)
        self.is_intricate = self.is_intricate or any(map(_has_inner, ast.children(asked)))
        place = self._numbered(text, node.target, BOOL, drawn=is_drawn(asked, text))
        return self._asked(place, lambda values: bool(values[place]))

    def _asked(self, place: int, condition: Condition) -> Condition:
        self.questions.append((place, condition))
        return condition

    def _always(self, outcome: bool) -> Condition:
        self.is_intricate = True
        return lambda _: outcome

    def _is_there(self, node: ast.Node) -> bool:
        """Whether a name is one that every row has, be it none."""
        return isinstance(node, ast.Name) and not isinstance(self._scope.get(node.name, ANY), AnyType)

    def _term(self, node: ast.Node) -> int:
        key = node.name if isinstance(node, ast.Name) else unparse(node)
        return self._numbered(key, node, None, drawn=is_drawn(node, key))

    def _numbered(self, key: str, node: ast.Node, type_: Type | None, *, drawn: bool) -> int:
        if drawn:
            key = f"{key}\0{len(self.terms)}"  # written twice, it is drawn twice
        if key not in self._numbers:
            self._numbers[key] = len(self.terms)
            self.is_intricate = self.is_intricate or _has_inner(node)
            self.terms.append(Term(type_ or self._type_of(node), self._bounds_of(node)))
        return self._numbers[key]

    def _bounds_of(self, node: ast.Node) -> Bounds:
        match node:
            case ast.Name(name=name):
                return self._bounds.get(name, UNBOUNDED)
            case ast.Filter(name=name) if name in FILTERS:
                return _RESULTS.get(FILTERS[name].name, UNBOUNDED)
        return UNBOUNDED


def _has_inner(node: ast.Node) -> bool:
    """Whether a condition is asked inside of a term."""
    return not isinstance(node, ast.Name) and any(isinstance(inner, _ASKING) for inner in ast.walk(node))


def _is_order_of_texts(operator: str, constant: object) -> bool:
    """Whether more than being equal or not is asked of a text (or a list): no few texts answer for all."""
    return operator not in ("==", "in") and isinstance(constant, str | list)


def _not(condition: Condition) -> Condition:
    return lambda values: not condition(values)


def _comparing(
    left: Callable[[Sequence[object]], object],
    right: Callable[[Sequence[object]], object],
    compare: Callable[[object, object], bool],
) -> Condition:
    def compared(values: Sequence[object]) -> bool:
        try:
            return bool(compare(left(values), right(values)))
        except OperandError:
            raise Failed from None

    return compared
