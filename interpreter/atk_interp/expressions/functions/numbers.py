"""Filters on numbers. All of them are Jinja's and give what Jinja gives, or refuse."""

from __future__ import annotations

import math

from atk_interp.expressions.bounds import checked_number
from atk_interp.expressions.functions.model import Example, Function, Limit, Parameter
from atk_interp.expressions.kinds import ALL_KINDS, NUMBER, Kind
from atk_interp.expressions.types import ANY, FLOAT, INT, FloatType, IntType, Type

__all__ = ["NUMBER_FILTERS"]

_SIMPLE = frozenset([Kind.TEXT, Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.NULL])
_INT = frozenset([Kind.INT])
_TEXT = frozenset([Kind.TEXT])
_FINEST = 20
"""Decimal places, before or after the point, to which a number is rounded at most."""
_PLACES = Limit(lambda places: abs(places) <= _FINEST, f"numbers are rounded to at most {_FINEST} places")


def _round(number: int | float, precision: int, method: str) -> int | float:
    if method == "common":
        return checked_number(round(number, precision))
    step: int | float = 10**precision
    scaled = number * step
    return (math.ceil(scaled) if method == "ceil" else math.floor(scaled)) / step


def _whole(value: str | int | float | None, default: object, base: int) -> object:
    try:
        number = int(value, base) if isinstance(value, str) else int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        try:
            number = int(float(value))  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return default
    return checked_number(number)


def _decimal(value: str | int | float | None, default: object) -> object:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default
    return checked_number(number)


def _int_result(_: Type, parameters: tuple[Type, ...]) -> Type:
    return INT if isinstance(parameters[0], IntType) else ANY


def _float_result(_: Type, parameters: tuple[Type, ...]) -> Type:
    return FLOAT if isinstance(parameters[0], IntType | FloatType) else ANY


NUMBER_FILTERS = (
    Function(
        "abs",
        NUMBER,
        lambda value, _: value,
        abs,
        "The number without its sign.",
        Example("-3 | abs", 3),
    ),
    Function(
        "round",
        NUMBER,
        FLOAT,
        _round,
        'Rounded to `precision` places; `method` is "common" (halves to the even), "ceil" or "floor".',
        Example('42.55 | round(1, "floor")', 42.5),
        (
            Parameter("precision", _INT, 0, limit=_PLACES),
            Parameter("method", _TEXT, "common", choices=("common", "ceil", "floor")),
        ),
    ),
    Function(
        "int",
        _SIMPLE,
        _int_result,
        _whole,
        "A whole number, cut off; `default` for what is not a number.",
        Example('"42.9" | int', 42),
        (Parameter("default", ALL_KINDS, 0), Parameter("base", _INT, 10)),
    ),
    Function(
        "float",
        _SIMPLE,
        _float_result,
        _decimal,
        "A number with a fraction; `default` for what is not a number.",
        Example('"1e3" | float', 1000.0),
        (Parameter("default", ALL_KINDS, 0.0),),
    ),
)
