"""What the operators do to values: Python's and Jinja's meaning, on fewer types and within bounds.

They raise `OperandError` for what they refuse.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from atk_interp.expressions.bounds import MAX_SIZE, TooLarge, check_size, checked_number, size
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.kinds import value_in_words

__all__ = ["ARITHMETIC", "COMPARISONS", "against", "concatenated", "contains", "negated", "ordered"]


_NUMBERS = frozenset([int, float])
_MIN, _MAX = -(2**63), 2**64 - 1


def _refuse(sign: str, left: object, right: object) -> OperandError:
    return OperandError(f"`{sign}` cannot work on {value_in_words(left)} and {value_in_words(right)}")


def _add(left: Any, right: Any) -> object:
    kind = type(left)
    if kind in _NUMBERS and type(right) in _NUMBERS:
        return _number(left + right)
    if kind is type(right) and kind in (str, list):
        check_size(len(left) + len(right))
        total: object = left + right
        return total
    raise _refuse("+", left, right)


def _multiply(left: Any, right: Any) -> object:
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _number(left * right)
    if type(left) is int:
        left, right = right, left
    if type(right) is int and type(left) in (str, list):
        check_size(max(right, 0) * size(left))
        repeated: object = left * right
        return repeated
    raise _refuse("*", left, right)


def _number(number: int | float) -> int | float:
    """The number if it is within bounds; the comparison also refuses NaN."""
    if type(number) is int and _MIN <= number <= _MAX:
        return number
    return checked_number(number)


def _numeric(sign: str, compute: Callable[[Any, Any], int | float]) -> Callable[[object, object], object]:
    def apply(left: object, right: object) -> object:
        if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
            raise _refuse(sign, left, right)
        try:
            return _number(compute(left, right))
        except ZeroDivisionError:
            raise OperandError("a division by 0") from None
        except OverflowError:
            raise TooLarge("the result is too large a number") from None

    return apply


def _power(base: int | float, exponent: int | float) -> int | float:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > 64:
        raise TooLarge("the result is too large a number")
    result = base**exponent
    if isinstance(result, complex):
        raise OperandError("a root of a negative number")
    return result


_PLAIN: dict[str, Callable[[Any, Any], int | float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def _with_shortcut(sign: str, general: Callable[[object, object], object]) -> Callable[[object, object], object]:
    """The same for whole numbers when the result is in bounds, as it nearly always is, without the ceremony."""
    compute = _PLAIN[sign]

    def apply(left: object, right: object) -> object:
        if type(left) is int and type(right) is int and right:
            result = compute(left, right)
            if _MIN <= result <= _MAX:
                return result
        return general(left, right)

    return apply


ARITHMETIC: dict[str, Callable[[object, object], object]] = {
    "+": _with_shortcut("+", _add),
    "-": _with_shortcut("-", _numeric("-", operator.sub)),
    "*": _with_shortcut("*", _multiply),
    "/": _with_shortcut("/", _numeric("/", operator.truediv)),
    "//": _numeric("//", operator.floordiv),
    "%": _numeric("%", operator.mod),
    "**": _numeric("**", _power),
}


def negated(sign: str, value: Any) -> object:
    """`-value` or `+value`."""
    if type(value) not in _NUMBERS:
        raise OperandError(f"`{sign}` needs a number, not {value_in_words(value)}")
    return _number(-value if sign == "-" else value)


def concatenated(parts: list[object]) -> str:
    """`a ~ b`: texts, numbers, true and false, written one after the other."""
    try:
        text = "".join(parts)  # type: ignore[arg-type]
    except TypeError:
        text = "".join([part if isinstance(part, str) else _written(part) for part in parts])
    if len(text) > MAX_SIZE:
        raise TooLarge("the result would be too large")
    return text


def _written(value: object) -> str:
    if isinstance(value, int | float):
        return str(value)
    raise OperandError(f"`~` joins texts and numbers, not {value_in_words(value)}")


def contains(value: object, holder: Any) -> bool:
    """`value in holder`"""
    kind = type(holder)
    if kind is list or (type(value) is str and (kind is str or kind is dict)):
        return value in holder
    if kind is dict and type(value) not in (list, dict):
        return value in holder
    if kind is str:
        raise OperandError(f"only text can be in a text, not {value_in_words(value)}")
    if kind is dict:
        raise OperandError(f"only text can be a field of a record, not {value_in_words(value)}")
    raise OperandError(f"nothing can be in {value_in_words(holder)}")


def _lacks(value: object, holder: object) -> bool:
    return not contains(value, holder)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARABLE = frozenset([str, list])


def ordered(sign: str) -> Callable[[object, object], bool]:
    """`left < right` and its like, between numbers, between texts, and between lists of them."""
    compare = _COMPARE[sign]

    def apply(left: object, right: object) -> bool:
        kind = type(left)
        if (kind in _NUMBERS and type(right) in _NUMBERS) or (kind is type(right) and kind in _COMPARABLE):
            return compare(left, right)
        raise _refuse(sign, left, right)

    return apply


COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    **{sign: ordered(sign) for sign in _COMPARE},
    "in": contains,
    "not in": _lacks,
}


def against(sign: str, right: Any) -> Callable[[Any], bool]:
    """The comparison with a right side that is known beforehand."""
    compare = COMPARISONS[sign]
    if sign in ("==", "!="):
        return (lambda left: left == right) if sign == "==" else (lambda left: left != right)
    if type(right) in _NUMBERS and sign in _AGAINST_NUMBER:
        return _AGAINST_NUMBER[sign](right, compare)
    if type(right) is list and sign in ("in", "not in"):
        return (lambda left: left in right) if sign == "in" else (lambda left: left not in right)
    return lambda left: compare(left, right)


_Against: TypeAlias = Callable[[Any, Callable[[Any, Any], bool]], Callable[[Any], bool]]

# Written out, since calling the operator as a function would take as long again.
_AGAINST_NUMBER: dict[str, _Against] = {
    "<": lambda right, general: lambda left: left < right if type(left) in _NUMBERS else general(left, right),
    "<=": lambda right, general: lambda left: left <= right if type(left) in _NUMBERS else general(left, right),
    ">": lambda right, general: lambda left: left > right if type(left) in _NUMBERS else general(left, right),
    ">=": lambda right, general: lambda left: left >= right if type(left) in _NUMBERS else general(left, right),
}
