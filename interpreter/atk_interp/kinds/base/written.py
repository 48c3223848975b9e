"""How the values of options are written in a spec, and what they may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.document import Document, Path
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import NULL, AnyType, BoolType, FloatType, IntType, TextType, Type, without_null
from atk_interp.source import Span
from atk_interp.spec import PipelineSpec, Takes

__all__ = ["is_formula", "misfit", "one_line", "place_named", "settable", "settled_number"]

_WANTED: Mapping[Takes, tuple[str, tuple[type[Type], ...]]] = {
    Takes.INT: ("a whole number", (IntType,)),
    Takes.NUMBER: ("a number", (IntType, FloatType)),
    Takes.BOOL: ("true or false", (BoolType,)),
    Takes.TEXT: ("text", (TextType,)),
    Takes.PATH: ("text", (TextType,)),
}


def is_formula(value: Any) -> bool:
    """Whether a value is written as an expression (`=…`)."""
    return isinstance(value, str) and value.startswith("=")


def settable(spec: PipelineSpec, key: str, value: Any) -> str:
    """What to name to whoever may set an option: the parameter that it is taken from, or its own key."""
    name = value[1:].strip() if is_formula(value) else ""
    return name if name in spec.params else key


def settled_number(spec: PipelineSpec, value: Any) -> float | None:
    """A number as it is written, or the default of the parameter that a formula names; None when it is not known."""
    if is_formula(value):
        param = spec.params.get(value[1:].strip())
        value = param.default if param is not None else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def one_line(value: Any) -> str:
    """A value of a spec as people would write it on one line, without the `=` of a formula."""
    match value:
        case str():
            return " ".join(value.removeprefix("=").split())
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(one_line, value))
        case dict():
            return ", ".join(f"{key}: {one_line(item)}" for key, item in value.items())
    return "null" if value is None else str(value)


def misfit(found: Type, takes: Takes) -> str | None:
    """What is wrong with a value of this type where a key takes another, after the name of the key; None if nothing."""
    said, types = _WANTED.get(takes, ("", ()))
    bare = without_null(found)
    if not types or isinstance(bare, (*types, AnyType)) or bare == NULL:
        return None
    return f"takes {said}, and this is {type_in_words(bare)}"


def place_named(document: Document, name: str, path: Path) -> Span | None:
    """The first place inside the value at a path where a name stands, as a key or as a text."""
    for place in document.places:
        if place[: len(path)] == path:
            if len(place) > len(path) and place[-1] == name:
                return document.key_span(place)
            if document.get(place) == name:
                return document.span(place)
    return None
