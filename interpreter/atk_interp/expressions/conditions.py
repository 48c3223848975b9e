"""A condition as a function of the values of its terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from atk_interp.expressions import ast
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

_NEGATED = {"!=": "==", "not in": "in"}
_NOTHING = object()
_COUNTS = (0.0, UNBOUNDED[1])
_FRACTIONS = (0.0, 1.0)
_RESULTS: Mapping[str, Bounds] = {
    **dict.fromkeys(("length", "wordcount", "tokens"), _COUNTS),
    **dict.fromkeys(("share", "coverage"), _FRACTIONS),
}
"""What these filters give lies within bounds, whatever they are given."""

_BUILT_IN: Mapping[str, Bounds] = {"sample": _COUNTS, "attempt": _COUNTS}


def is_drawn(node: ast.Node) -> bool:
    """Whether a random choice is made in it: written twice, it is made twice."""
    for inner in ast.walk(node):
        match inner:
            case ast.Filter(name=name) if name in FILTERS and FILTERS[name].form is Form.SEEDED:
                return True
            case ast.Call(name=name) if name in CALLS and CALLS[name].form is Form.SEEDED:
                return True
    return False


class Reader:
    """Reads conditions about the same row: equal terms are one term."""

    def __init__(
        self, scope: Mapping[str, Type], type_of: Callable[[ast.Node], Type], bounds: Mapping[str, Bounds]
    ) -> None:
        self.terms: list[Term] = []
        self._scope = scope
        self._type_of = type_of
        self._bounds = {**_BUILT_IN, **bounds}
        self._numbers: dict[str, int] = {}

    def read(self, node: ast.Node) -> Condition:
        """The truth of a node."""
        match node:
            case ast.Literal(value=value):
                return _always(bool(value))
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
        otherwise = _always(False) if node.otherwise is None else self.read(node.otherwise)
        return lambda values: value(values) if asked(values) else otherwise(values)

    def _truth(self, node: ast.Node) -> Condition:
        constant = _constant(node)
        if constant is not _NOTHING:
            return _always(bool(constant))
        place = self._term(node)
        return lambda values: bool(values[place])

    def _link(self, operator: str, left: ast.Node, right: ast.Node) -> Condition:
        if operator in _NEGATED:
            return _not(self._link(_NEGATED[operator], left, right))
        compare = COMPARISONS[operator]
        one, other = _constant(left), _constant(right)
        if one is not _NOTHING and other is not _NOTHING:
            return _comparing(lambda _: one, lambda _: other, compare)
        if other is not _NOTHING and not _is_order_of_texts(operator, other):
            place = self._term(left)
            for constant in other if operator == "in" and isinstance(other, list) else [other]:
                self.terms[place].compared(constant)
            return _comparing(lambda values: values[place], lambda _: other, compare)
        if one is not _NOTHING and operator != "in" and not _is_order_of_texts(operator, one):
            place = self._term(right)
            self.terms[place].compared(one)
            return _comparing(lambda _: one, lambda values: values[place], compare)
        return self._relation(operator, left, right)

    def _relation(self, operator: str, left: ast.Node, right: ast.Node) -> Condition:
        """Two terms compared with each other: true or false, but the same wherever it is written."""
        if operator != "in" and unparse(left) == unparse(right) and not is_drawn(left):
            return _always(operator in ("==", "<=", ">="))
        if operator in ("<=", ">="):
            return _not(self._relation("<" if operator == ">=" else ">", left, right))
        if operator == ">":
            operator, left, right = "<", right, left
        if operator == "==" and unparse(left) > unparse(right):
            left, right = right, left
        node = ast.Comparison(left, ((operator, right),))
        place = self._term(node, BOOL)
        return lambda values: bool(values[place])

    def _test(self, node: ast.Test) -> Condition:
        function = TESTS.get(node.name)
        name = function.name if function is not None else ""
        if name in _COMPARING and len(node.args) == 1 and not node.keywords:
            return self._link(_COMPARING[name], node.target, node.args[0])
        if function is not None and name in _OF_THE_TYPE and not node.args and not node.keywords:
            apply = function.apply
            constant = _constant(node.target)
            if constant is not _NOTHING:
                return _always(bool(apply(constant)))
            place = self._term(node.target)
            return lambda values: bool(apply(values[place]))
        if name in ("defined", "undefined") and self._is_there(node.target):
            return _always(name == "defined")
        asked = ast.Test(node.target, node.name, node.args, node.keywords)
        place = self._term(asked, BOOL)
        return lambda values: bool(values[place])

    def _is_there(self, node: ast.Node) -> bool:
        """Whether a name is one that every row has, be it none."""
        return isinstance(node, ast.Name) and not isinstance(self._scope.get(node.name, ANY), AnyType)

    def _term(self, node: ast.Node, type_: Type | None = None) -> int:
        key = f"{unparse(node)}\0{len(self.terms)}" if is_drawn(node) else unparse(node)
        if key not in self._numbers:
            self._numbers[key] = len(self.terms)
            self.terms.append(Term(type_ or self._type_of(node), self._bounds_of(node)))
        return self._numbers[key]

    def _bounds_of(self, node: ast.Node) -> Bounds:
        match node:
            case ast.Name(name=name):
                return self._bounds.get(name, UNBOUNDED)
            case ast.Filter(name=name) if name in FILTERS:
                return _RESULTS.get(FILTERS[name].name, UNBOUNDED)
        return UNBOUNDED


def _constant(node: ast.Node) -> object:
    """The value of a node that is written out, and `_NOTHING` for every other."""
    match node:
        case ast.Literal(value=value):
            return value
        case ast.Unary(operator="-", operand=ast.Literal(value=int() | float() as value)) if not isinstance(
            value, bool
        ):
            return -value
        case ast.ListDisplay(items=items):
            values = [_constant(item) for item in items]
            return _NOTHING if any(value is _NOTHING for value in values) else values
    return _NOTHING


def _is_order_of_texts(operator: str, constant: object) -> bool:
    """Whether more than being equal or not is asked of a text (or a list): no few texts answer for all."""
    return operator not in ("==", "in") and isinstance(constant, str | list)


def _always(outcome: bool) -> Condition:
    return lambda _: outcome


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
