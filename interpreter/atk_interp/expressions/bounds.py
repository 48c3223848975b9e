"""How large a value may grow: what a row of hostile or careless data can cost is bounded, never waited for."""

from __future__ import annotations

import math

from atk_interp.expressions.errors import OperandError

__all__ = [
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_LENGTH",
    "MAX_SIZE",
    "TooLarge",
    "check_size",
    "checked_number",
    "depth",
    "is_number_in_range",
    "size",
]

MAX_LENGTH = 20_000
"""Characters in an expression."""

MAX_DEPTH = 100
"""Nodes from the root of an expression to its deepest leaf; evaluation nests Python frames that deep."""

MAX_SIZE = 10_000_000
"""Size of a computed value, see `size`."""

MAX_ITEMS = 100_000
"""Numbers in a `range`, as in Jinja's sandbox."""

_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1


class TooLarge(OperandError):
    """A computed value would pass a bound."""


def is_number_in_range(number: int | float) -> bool:
    """Whether JSON can hold it: finite, and of at most 64 bits when whole."""
    return _MIN_INT <= number <= _MAX_INT if isinstance(number, int) else math.isfinite(number)


def size(value: object, most: int = MAX_SIZE) -> int:
    """Roughly the characters of a value's JSON; counting stops at `most`. A part that occurs twice counts twice."""
    total = 0
    waiting = [value]
    while waiting and total <= most:
        current = waiting.pop()
        total += 1
        if isinstance(current, str):
            total += len(current)
        elif isinstance(current, list):
            total += len(current)
            waiting.extend(current)
        elif isinstance(current, dict):
            total += sum(map(len, current))
            waiting.extend(current.values())
    return total


def depth(value: object) -> int:
    """How deeply lists and records are nested in a value; 0 for a scalar."""
    deepest = 0
    waiting = [(value, 0)]
    while waiting:
        current, level = waiting.pop()
        deepest = max(deepest, level)
        inside = current.values() if isinstance(current, dict) else current if isinstance(current, list) else ()
        waiting.extend((item, level + 1) for item in inside)
    return deepest


def checked_number(number: int | float) -> int | float:
    """The number, if JSON can hold it. Raises `TooLarge`."""
    if not is_number_in_range(number):
        raise TooLarge("the result is not finite" if isinstance(number, float) else "the result is too large a number")
    return number


def check_size(count: int) -> None:
    """Raises `TooLarge` when a value of this size is more than may be computed."""
    if count > MAX_SIZE:
        raise TooLarge("the result would be too large")
