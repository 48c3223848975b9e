"""Checking an expression against the types of the names in scope, before any row is there.

What is reported as an error fails, or is senseless, on every row; `any` is never complained about. Where the
type of a part is in doubt after an error, it is `any`, so that one mistake is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.check_base import Checking
from atk_interp.expressions.check_calls import checked_call, checked_filter, checked_test
from atk_interp.expressions.check_operators import arithmetic_type, check_comparison
from atk_interp.expressions.codes import FOREIGN_SPELLING, MAYBE_MISSING, UNKNOWN_NAME, WRONG_OPERAND
from atk_interp.expressions.constants import check_constants
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.foreign import FOREIGN_NAMES, field_hint
from atk_interp.expressions.kinds import NUMBER, SCALAR, Kind, type_in_words
from atk_interp.expressions.memory import Memory
from atk_interp.expressions.narrow import Facts, facts_if, path_of
from atk_interp.expressions.types import (
    ANY,
    BOOL,
    INT,
    NULL,
    TEXT,
    AnyType,
    ListType,
    MaybeType,
    RecordType,
    TextType,
    Type,
    join_types,
    type_of,
    without_null,
)

__all__ = ["BUILT_IN", "Checker", "ExplainUnknown", "check_expression"]

BUILT_IN: Mapping[str, Type] = {
    "row": RecordType({"id": TEXT, "source": TEXT}),
    "seed": INT,
    "sample": INT,
    "attempt": INT,
}
"""Names that are in scope on every row, unless the scope has its own of that name."""

_SOUND: Memory[Type] = Memory()
"""The types of expressions with which nothing is wrong."""

ExplainUnknown: TypeAlias = Callable[[str], tuple[Sequence[str], str | None]]
"""For an unknown name, notes on where it was looked for and help (or None, for the nearest name)."""


def check_expression(
    expression: Expression,
    scope: Mapping[str, Type],
    sink: Sink,
    *,
    explain_unknown: ExplainUnknown | None = None,
) -> Type:
    """The type of the expression's value; the sink is told what is wrong with it (ATK302 to ATK313)."""
    known = _SOUND.recall((expression.root,), scope)
    if known is not None:
        return known
    heard = Sink()
    found = Checker(expression, {**BUILT_IN, **scope}, heard, explain_unknown).check(expression.root)
    if not len(heard):
        check_constants(expression, heard)
    for finding in heard:
        sink.add(finding)
    return found if len(heard) else _SOUND.keep(found, (expression.root,), scope)


class Checker(Checking):
    """One walk through one expression. `check` reports and gives the type of a node."""

    def __init__(
        self, expression: Expression, scope: Mapping[str, Type], sink: Sink, explain_unknown: ExplainUnknown | None
    ) -> None:
        super().__init__(expression, sink)
        self._scope = scope
        self._explain_unknown = explain_unknown
        self._facts: Facts = {}
        self._seen: dict[str, Type] = {}

    def check_quietly(self, node: ast.Node) -> Type:
        """The type of a node whose mistakes have been reported already."""
        return Checker(self._expression, self._scope, Sink(), None).check(node)

    # Nodes

    def check(self, node: ast.Node) -> Type:
        match node:
            case ast.Literal(value=value):
                return type_of(value)
            case ast.Name() | ast.Attribute() | ast.Index():
                return self._placed(node)
            case ast.Slice():
                return self._slice(node)
            case ast.ListDisplay(items=items):
                return ListType(join_types([self.check(item) for item in items]))
            case ast.RecordDisplay(pairs=pairs):
                return self._record(pairs)
            case ast.Filter():
                return checked_filter(self, node)
            case ast.Test():
                return checked_test(self, node)
            case ast.Call():
                return checked_call(self, node)
        return self._operator(node)

    def _operator(self, node: ast.Node) -> Type:
        match node:
            case ast.Unary(operator="not", operand=operand):
                self.check(operand)
                return BOOL
            case ast.Unary(operator=sign, operand=operand):
                type_ = self.check(operand)
                return without_null(type_) if self.expect(operand, type_, NUMBER, f"`{sign}`") else ANY
            case ast.Arithmetic():
                return arithmetic_type(self, node, self.check(node.left), self.check(node.right))
            case ast.Concat(parts=parts):
                for part in parts:
                    type_ = self.check(part)
                    help = f'write `{self.source(part)} | join(", ")`' if isinstance(type_, ListType) else None
                    self.expect(part, type_, SCALAR, "`~`", help)
                return TEXT
            case ast.Comparison():
                return self._comparison(node)
            case ast.And(left=left, right=right):
                return self._both(left, right)
            case ast.Or(left=left, right=right):
                first = self.check(left)
                with self.knowing(left, False):
                    return _one_of((left, without_null(first)), (right, self.check(right)))
            case ast.Conditional():
                return self._conditional(node)
        raise TypeError(f"not a node of an expression: {node!r}")

    @contextmanager
    def knowing(self, condition: ast.Node, holds: bool) -> Iterator[None]:
        """Inside, what the condition tells about names when it holds (or not) is known."""
        before = self._facts
        self._facts = {**before, **facts_if(condition, holds, self._seen)}
        yield
        self._facts = before

    def _placed(self, node: ast.Name | ast.Attribute | ast.Index) -> Type:
        """The type of a name, a field or an item; what conditions have told about it goes first."""
        match node:
            case ast.Name():
                type_ = self._name(node)
            case ast.Attribute():
                type_ = self._attribute(node, self.check(node.target))
            case ast.Index():
                type_ = self._index(node, self.check(node.target), self.check(node.index))
        path = path_of(node)
        if path is None:
            return type_
        known = self._facts.get(path, type_)
        self._seen[path] = known
        return known

    def _name(self, node: ast.Name) -> Type:
        if node.name in self._scope:
            return self._scope[node.name]
        if node.name in FOREIGN_NAMES:
            right = FOREIGN_NAMES[node.name]
            # `yes` and `no` may be texts whose quotes were forgotten
            mends = [(node.start, node.end, right)] if node.name not in ("yes", "no") else []
            self.report(FOREIGN_SPELLING, node, f"`{node.name}` is `{right}` here", f"write `{right}`", mends=mends)
            return ANY
        notes, help = self._explain_unknown(node.name) if self._explain_unknown else ((), None)
        help = help or did_you_mean(node.name, self._scope)
        self.report(UNKNOWN_NAME, node, f"unknown name `{node.name}`", help, notes)
        return ANY

    def _attribute(self, node: ast.Attribute, target: Type) -> Type:
        place = (node.end - len(node.name), node.end)
        return self.field(node.target, without_null(target), target, node.name, place)

    def field(self, node: ast.Node, record: Type, whole: Type, name: str, place: tuple[int, int]) -> Type:
        """The type of a field of a value; `whole` is its type with none still in it."""
        if isinstance(record, AnyType):
            return ANY
        shown = self.source(node)
        if not isinstance(record, RecordType):
            message = f"`{shown}` is {type_in_words(whole)} and has no field `{name}`"
            self.report(WRONG_OPERAND, place, message, field_hint(shown, name))
            return ANY
        if isinstance(whole, MaybeType):
            message = f"`{shown}` may be none here, and none has no fields"
            self.report(MAYBE_MISSING, node, message, f"ask first: `{shown} is not none and …`")
        if name in record.fields:
            return record.fields[name]
        if not record.open:
            notes = [f"`{shown}` has {_listed(record.fields)}"] if record.fields else [f"`{shown}` has no fields"]
            help = f"write `{name}`" if shown == "row" and name in self._scope else did_you_mean(name, record.fields)
            self.report(UNKNOWN_NAME, place, f"`{shown}` has no field `{name}`", help, notes)
        return ANY

    def _index(self, node: ast.Index, target: Type, index: Type) -> Type:
        inner = without_null(target)
        if isinstance(inner, AnyType):
            return ANY
        if isinstance(inner, RecordType):
            if isinstance(node.index, ast.Literal) and isinstance(node.index.value, str):
                place = (node.index.start, node.index.end)
                return self.field(node.target, inner, target, node.index.value, place)
            self.expect(node.index, index, frozenset([Kind.TEXT]), "the name of a field")
            return ANY
        if not self.expect(node.target, target, frozenset([Kind.LIST, Kind.TEXT, Kind.RECORD]), "`[…]`"):
            return ANY
        self.expect(node.index, index, frozenset([Kind.INT]), "the place of an item")
        return inner.item if isinstance(inner, ListType) else TEXT

    def _slice(self, node: ast.Slice) -> Type:
        target = self.check(node.target)
        fits = self.expect(node.target, target, frozenset([Kind.LIST, Kind.TEXT]), "`[a:b]`")
        for bound in (node.lower, node.upper, node.step):
            if bound is not None:
                self.expect(bound, self.check(bound), frozenset([Kind.INT, Kind.NULL]), "the bound of `[a:b]`")
        inner = without_null(target)
        return (TEXT if isinstance(inner, TextType) else inner) if fits else ANY

    def _record(self, pairs: tuple[tuple[ast.Node, ast.Node], ...]) -> Type:
        fields: dict[str, Type] = {}
        is_open = False
        for key, value in pairs:
            self.expect(key, self.check(key), frozenset([Kind.TEXT]), "the name of a field")
            type_ = self.check(value)
            if isinstance(key, ast.Literal) and isinstance(key.value, str):
                fields[key.value] = type_
            else:
                is_open = True
        return RecordType(fields, is_open)

    def _comparison(self, node: ast.Comparison) -> Type:
        left, left_type = node.first, self.check(node.first)
        for operator, right in node.rest:
            right_type = self.check(right)
            check_comparison(self, operator, (left, left_type), (right, right_type))
            left, left_type = right, right_type
        return BOOL

    def _both(self, left: ast.Node, right: ast.Node) -> Type:
        first = self.check(left)
        with self.knowing(left, True):
            second = self.check(right)
        # What comes out when the left side is false is one of its own values: none, 0, "".
        return join_types([first, second]) if first != NULL else NULL

    def _conditional(self, node: ast.Conditional) -> Type:
        self.check(node.condition)
        with self.knowing(node.condition, True):
            value = self.check(node.value)
        if node.otherwise is None:
            return join_types([value, NULL])
        with self.knowing(node.condition, False):
            return _one_of((node.value, value), (node.otherwise, self.check(node.otherwise)))


def _one_of(*options: tuple[ast.Node, Type]) -> Type:
    """The type of a value that is one of these; an empty list says nothing about items, so the others do."""
    telling = [type_ for node, type_ in options if not isinstance(node, ast.ListDisplay) or node.items]
    are_lists = all(isinstance(without_null(type_), ListType) for type_ in telling)
    return join_types(telling if telling and are_lists else (type_ for _, type_ in options))


def _listed(names: Mapping[str, object]) -> str:
    shown = [f"`{name}`" for name in names]
    return ", ".join(shown[:12]) + (", …" if len(shown) > 12 else "")
