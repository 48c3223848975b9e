"""Operators on types: what arithmetic gives, and which comparisons make sense."""

from __future__ import annotations

from typing import TypeAlias

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.check_base import Checking
from atk_interp.expressions.codes import NEVER_TRUE_COMPARISON, WRONG_OPERAND
from atk_interp.expressions.constants import written_out
from atk_interp.expressions.functions import FILTERS
from atk_interp.expressions.kinds import ALL_KINDS, NUMBER, Kind, in_words, kinds_of, type_in_words, written
from atk_interp.expressions.types import (
    ANY,
    FLOAT,
    INT,
    TEXT,
    IntType,
    ListType,
    TextType,
    Type,
    join_types,
    without_null,
)

__all__ = ["SIGNS", "arithmetic_type", "check_comparison", "check_item_comparison"]

Operand: TypeAlias = "tuple[ast.Node, Type]"

_TEXT, _INT, _LIST, _NULL = (frozenset([kind]) for kind in (Kind.TEXT, Kind.INT, Kind.LIST, Kind.NULL))
_COMBINATIONS = {
    "+": ((NUMBER, NUMBER), (_TEXT, _TEXT), (_LIST, _LIST)),
    "*": ((NUMBER, NUMBER), (_TEXT, _INT), (_INT, _TEXT), (_LIST, _INT), (_INT, _LIST)),
}
"""What may stand on both sides of an operator; numbers only, for all others."""

_ORDER = ((NUMBER, NUMBER), (_TEXT, _TEXT), (_LIST, _LIST))
_HOLDERS = frozenset([Kind.TEXT, Kind.LIST, Kind.RECORD])


SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": "in"}
"""Tests that say the same as an operator."""


def arithmetic_type(checker: Checking, node: ast.Arithmetic, left: Type, right: Type) -> Type:
    """The type of `left operator right`, after reporting what cannot work."""
    combinations = _COMBINATIONS.get(node.operator, ((NUMBER, NUMBER),))
    if not _check_sides(checker, node.operator, (node.left, left), (node.right, right), combinations):
        return ANY
    if node.operator in ("/", "//", "%") and written_out(node.right) == 0:
        checker.report(WRONG_OPERAND, node, "a division by 0")
    left, right = without_null(left), without_null(right)
    if isinstance(left, TextType) or isinstance(right, TextType):
        return TEXT if _is_known(left) and _is_known(right) else ANY
    if isinstance(left, ListType) and isinstance(right, ListType):
        return join_types([left, right])
    if isinstance(left, ListType) or isinstance(right, ListType):
        return left if isinstance(left, ListType) and _is_known(right) else ANY
    if not _is_known(left) or not _is_known(right):
        return ANY
    is_whole = isinstance(left, IntType) and isinstance(right, IntType) and node.operator not in ("/", "**")
    return INT if is_whole else FLOAT


def _is_known(type_: Type) -> bool:
    return kinds_of(type_) != ALL_KINDS


def _check_sides(
    checker: Checking,
    operator: str,
    left: Operand,
    right: Operand,
    combinations: tuple[tuple[frozenset[Kind], frozenset[Kind]], ...],
) -> bool:
    """Whether some combination is possible; otherwise it is reported. So is what may be none."""
    (left_node, left_type), (right_node, right_type) = left, right
    left_kinds, right_kinds = kinds_of(left_type), kinds_of(right_type)
    lefts = frozenset[Kind]().union(*(side for side, other in combinations if right_kinds & other))
    rights = frozenset[Kind]().union(*(other for side, other in combinations if left_kinds & side))
    if any(left_kinds & side and right_kinds & other for side, other in combinations):
        return all(
            [
                checker.expect(left_node, left_type, lefts, f"`{operator}`"),
                checker.expect(right_node, right_type, rights, f"`{operator}`"),
            ]
        )
    for node, kinds, sides in ((left_node, left_kinds, 0), (right_node, right_kinds, 1)):
        possible = frozenset[Kind]().union(*(pair[sides] for pair in combinations))
        if not kinds & possible:
            checker.expect(
                node, left_type if sides == 0 else right_type, possible, f"`{operator}`", _hint(operator, kinds)
            )
            return False
    message = f"`{operator}` cannot work on {type_in_words(left_type)} and {type_in_words(right_type)}"
    help = "join text and other values with `~`" if operator == "+" and Kind.TEXT in left_kinds | right_kinds else None
    if operator in ("<", "<=", ">", ">=") and Kind.TEXT in left_kinds | right_kinds:
        help = "make a number of the text: `| float`"
    checker.report(WRONG_OPERAND, (left_node.start, right_node.end), message, help)
    return False


def _hint(operator: str, kinds: frozenset[Kind]) -> str | None:
    if kinds == {Kind.BOOL}:
        return "true and false become 1 and 0 by `| int`"
    if kinds == _TEXT and operator in ("-", "/"):
        return "make a number of the text: `| float`"
    return None


def check_comparison(checker: Checking, operator: str, left: Operand, right: Operand) -> None:
    """Report a comparison that fails, or that always comes out the same."""
    if operator in ("==", "!="):
        _check_equality(checker, operator, left, right)
    elif operator in ("in", "not in"):
        _check_containment(checker, operator, left, right)
    else:
        _check_sides(checker, operator, left, right, _ORDER)
    if operator not in ("in", "not in"):
        _check_share(checker, left[0], right[0])
        _check_share(checker, right[0], left[0])


def _check_share(checker: Checking, share: ast.Node, bound: ast.Node) -> None:
    """Report a share, which is from 0 to 1, that is compared with a percentage."""
    if not isinstance(share, ast.Filter) or share.name not in FILTERS or not FILTERS[share.name].is_share:
        return
    number = bound.value if isinstance(bound, ast.Literal) else None
    if type(number) in (int, float) and isinstance(number, int | float) and number > 1:
        message = f"`{share.name}` gives a number from 0 to 1: this comes out the same on every row"
        help = f"write `{number / 100:g}` for {number:g} %" if number <= 100 else None
        checker.report(NEVER_TRUE_COMPARISON, bound, message, help)


def check_item_comparison(checker: Checking, operator: str, item: Operand, argument: Operand, shown: str) -> None:
    """As `check_comparison`, between each item of a list (or a field of it, `shown` in words) and a value."""
    if operator == "in" and isinstance(argument[0], ast.ListDisplay):
        for element in argument[0].items:
            check_item_comparison(checker, "==", item, (element, checker.check_quietly(element)), shown)
    elif operator in ("==", "!=") and _can_be_equal(item[1], argument[1]):
        _report_impossible_choice(checker, argument, item, "", shown=shown)
    elif operator in ("==", "!="):
        message = f"{shown} is {type_in_words(item[1])} and never equals {type_in_words(argument[1])}"
        checker.report(NEVER_TRUE_COMPARISON, argument[0], message, _unlike_hint(item, argument))


def _check_equality(checker: Checking, operator: str, left: Operand, right: Operand) -> None:
    outcome = "never" if operator == "==" else "always"
    (left_node, left_type), (right_node, right_type) = left, right
    if _can_be_equal(left_type, right_type) is False:
        message = f"`{operator}` {outcome} holds between {type_in_words(left_type)} and {type_in_words(right_type)}"
        checker.report(NEVER_TRUE_COMPARISON, (left_node.start, right_node.end), message, _unlike_hint(left, right))
        return
    for one, other in ((left, right), (right, left)):
        if _report_impossible_choice(checker, one, other, outcome):
            return
    ones, others = _choices(left_type), _choices(right_type)
    if ones is not None and others is not None and not {*ones} & {*others} and not isinstance(left_node, ast.Literal):
        message = f"`{checker.source(left_node)}` and `{checker.source(right_node)}` are never equal"
        notes = [
            f"`{checker.source(node)}` is one of {_listed(texts)}"
            for node, texts in ((left_node, ones), (right_node, others))
        ]
        checker.report(NEVER_TRUE_COMPARISON, (left_node.start, right_node.end), message, None, notes)


def _can_be_equal(left: Type, right: Type) -> bool:
    """False only when no value of one type equals one of the other. Comparing with none always makes sense."""
    left_kinds, right_kinds = _merged(kinds_of(left)), _merged(kinds_of(right))
    return bool(left_kinds & right_kinds) or left_kinds == _NULL or right_kinds == _NULL


def _merged(kinds: frozenset[Kind]) -> frozenset[Kind]:
    """Kinds up to equality: 1, 1.0 and true are equal."""
    numeric = NUMBER | {Kind.BOOL}
    return (kinds - numeric) | {Kind.INT} if kinds & numeric else kinds


def _unlike_hint(left: Operand, right: Operand) -> str | None:
    """Quotes round a number, or round `true`, are what mostly is wrong."""
    for node, _ in (left, right):
        if isinstance(node, ast.Literal) and isinstance(node.value, str):
            if node.value.lower() in ("true", "false", "none"):
                return f"write `{node.value.lower()}` without quotes"
            if node.value.replace(".", "", 1).isdigit():
                return f"write `{node.value}` without quotes"
        elif isinstance(node, ast.Literal) and type(node.value) in (int, float):
            return f'write `"{written(node.value)}"`, or make a number of the text: `| float`'
    return None


def _report_impossible_choice(
    checker: Checking, literal: Operand, other: Operand, outcome: str, *, shown: str = ""
) -> bool:
    """A literal that is none of the texts that the other side (`shown` in words) can be."""
    node, choices = literal[0], _choices(other[1])
    if not isinstance(node, ast.Literal) or not isinstance(node.value, str) or choices is None or node.value in choices:
        return False
    if isinstance(other[0], ast.Literal):
        checker.report(NEVER_TRUE_COMPARISON, node, f"two different texts: the comparison {outcome} holds")
        return True
    shown = shown or f"`{checker.source(other[0])}`"
    message = f"{shown} is never `{node.value}`"
    help = did_you_mean(node.value, choices)
    checker.report(NEVER_TRUE_COMPARISON, node, message, help, [f"{shown} is one of {_listed(choices)}"])
    return True


def _listed(choices: tuple[str, ...]) -> str:
    return ", ".join(f"`{choice}`" for choice in choices)


def _choices(type_: Type) -> tuple[str, ...] | None:
    inner = without_null(type_)
    return inner.choices if isinstance(inner, TextType) else None


def _check_containment(checker: Checking, operator: str, left: Operand, right: Operand) -> None:
    (left_node, left_type), (right_node, right_type) = left, right
    if not checker.expect(right_node, right_type, _HOLDERS, f"`{operator}`"):
        return
    holder = without_null(right_type)
    holder_kinds = kinds_of(holder)
    if holder_kinds <= {Kind.TEXT, Kind.RECORD}:
        checker.expect(left_node, left_type, _TEXT, f"`{operator}` {in_words(holder_kinds)}")
        return
    outcome = "never" if operator == "in" else "always"
    if isinstance(right_node, ast.ListDisplay):
        for item in right_node.items:
            _check_item(checker, (item, checker.check_quietly(item)), left, outcome)
    elif isinstance(holder, ListType) and not _can_be_equal(left_type, holder.item):
        message = f"{type_in_words(left_type)} is never in a list of {type_in_words(holder.item)}"
        checker.report(NEVER_TRUE_COMPARISON, (left_node.start, right_node.end), message)
    elif isinstance(holder, ListType):
        shown = f"an item of `{checker.source(right_node)}`"
        _report_impossible_choice(checker, left, (right_node, holder.item), outcome, shown=shown)


def _check_item(checker: Checking, item: Operand, left: Operand, outcome: str) -> None:
    if not _can_be_equal(left[1], item[1]):
        shown, kind = checker.source(left[0]), type_in_words(left[1])
        message = f"`{shown}` is {kind} and never equals {type_in_words(item[1])}"
        checker.report(NEVER_TRUE_COMPARISON, item[0], message, _unlike_hint(left, item))
        return
    _report_impossible_choice(checker, item, left, outcome)
