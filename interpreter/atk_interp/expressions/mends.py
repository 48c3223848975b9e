"""What a slip is replaced with where its author surely meant just that.

Spellings that other languages read otherwise than their nearest one here (`!a == b`, `a ^ b`, `x => y`) are explained,
and not mended.
"""

from __future__ import annotations

from atk_interp.expressions.errors import Mend
from atk_interp.expressions.functions import FILTERS
from atk_interp.patterns import pattern

__all__ = ["mends_of_call", "mends_of_method", "mends_of_slip"]

_SPELLINGS = {
    "&&": "and",
    "||": "or",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=<": "<=",
    "=": "==",
    **{word: word.lower() for word in ("AND", "And", "OR", "Or", "NOT", "Not")},
}
_FILTERS = {
    "len": "length",
    "size": "length",
    "str": "string",
    "toString": "string",
    "lowercase": "lower",
    "toLowerCase": "lower",
    "uppercase": "upper",
    "toUpperCase": "upper",
    "sorted": "sort",
    "reversed": "reverse",
    "strip": "trim",
}
"""Functions and methods of other languages that give what a filter gives."""
_BRACES = pattern(r"\s*\{\{-?\s*(?P<inner>[^{}%#]*[^{}%#\s-])\s*-?\}\}\s*\Z")
_SIMPLE = pattern(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")


def mends_of_slip(text: str, start: int, end: int) -> tuple[Mend, ...]:
    """The mend of a slip that is underlined at `text[start:end]`."""
    slip = text[start:end]
    if slip == "{{":
        braced = _BRACES.match(text)
        return ((0, braced.start("inner"), ""), (braced.end("inner"), len(text), "")) if braced else ()
    right = _SPELLINGS.get(slip)
    if right is None:
        return ()
    before = " " if right[0].isalpha() and start > 0 and not text[start - 1].isspace() else ""
    after = " " if right[0].isalpha() and end < len(text) and not text[end].isspace() else ""
    return ((start, end, f"{before}{right}{after}"),)


def mends_of_call(text: str, start: int, end: int, name: str, argument: str) -> tuple[Mend, ...]:
    """`len(x)` at `text[start:end]` as a filter."""
    return _filtered(text, start, end, name, argument)


def mends_of_method(text: str, start: int, end: int, name: str, target: str, argument: str) -> tuple[Mend, ...]:
    """`x.lower()` at `text[start:end]` as a filter."""
    return () if argument else _filtered(text, start, end, name, target)


def _filtered(text: str, start: int, end: int, name: str, value: str) -> tuple[Mend, ...]:
    """A filter binds to what is right before it: only a name or field is safe, and no sign before or part behind."""
    filter_name = _FILTERS.get(name, name)
    if filter_name not in FILTERS or not _SIMPLE.match(value):
        return ()
    if FILTERS[filter_name].parameters and filter_name not in _FILTERS.values():
        return ()
    if text[:start].rstrip()[-1:] in ("-", "+") or text[end:].lstrip()[:1] in (".", "[", "("):
        return ()
    return ((start, end, f"{value} | {filter_name}"),)
