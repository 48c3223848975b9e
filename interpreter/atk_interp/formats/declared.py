"""Declared types of fields, and whether a value holds to them: the same for what is read and what functions give."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping

from atk_interp.patterns import pattern
from atk_interp.values import Value, decode

__all__ = ["NOUNS", "Misfit", "fitted", "is_decimal", "of_text"]

NOUNS: Mapping[str, str] = {
    "text": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "record": "a mapping",
    "any": "a value",
}
"""What each type is called."""

_HOLDS: Mapping[str, Callable[[Value], bool]] = {
    "text": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "record": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}
_WHOLE = pattern(r"[-+]?[0-9]{1,20}\Z")
_MANY_DIGITS = pattern(r"[0-9]{19}")
_LEAST, _MOST = -(2**63), 2**64
_DECIMAL = pattern(r"[-+]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?\Z")


class Misfit(ValueError):
    """A value that is not of the type that was declared."""


def fitted(kind: str, value: Value) -> Value:
    """The value as the type has it: whole numbers become decimal for `float`. Raises `Misfit`."""
    if not _HOLDS[kind](value):
        raise Misfit
    return float(value) if kind == "float" and isinstance(value, int) else value


def of_text(kind: str, text: str) -> Value:
    """The value that a text stands for, where it says so unmistakably: `12`, `1.5e3`, `true`, JSON. Raises `Misfit`."""
    if kind in ("text", "any"):
        return text
    bare = text.strip()
    if kind == "bool" and bare.lower() in ("true", "false"):
        return bare.lower() == "true"
    if kind == "int" and _WHOLE.match(bare) is not None and _LEAST <= (number := int(bare)) < _MOST:
        return number
    if kind == "float" and _DECIMAL.match(bare) is not None and math.isfinite(share := float(bare)):
        return share
    if kind in ("list", "record"):
        return fitted(kind, _json(bare))
    raise Misfit


def is_decimal(text: str) -> bool:
    """Whether a text is a number with a decimal point or an exponent."""
    return _DECIMAL.match(text.strip()) is not None and not text.strip().lstrip("+-").isdigit()


def _json(text: str) -> Value:
    try:
        if _MANY_DIGITS.search(text) is not None:
            json.loads(text, parse_int=_exact)
        return decode(text.encode())
    except ValueError as error:
        raise Misfit from error


def _exact(digits: str) -> int:
    """A whole number that keeps its digits; larger ones become decimal, and lose some."""
    number = int(digits)
    if not _LEAST <= number < _MOST:
        raise Misfit
    return number
