"""Functions that packages add: what they raise is told with the package, and what they give is what they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from atk_interp.expressions.bounds import MAX_SIZE, TooLarge, is_number_in_range, size
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions.model import Function
from atk_interp.expressions.kinds import value_in_words
from atk_interp.expressions.types import (
    ANY,
    BoolType,
    FloatType,
    IntType,
    ListType,
    MaybeType,
    NullType,
    RecordType,
    TextType,
    Type,
)
from atk_interp.installed import said

__all__ = ["guarded"]


def guarded(function: Function, whose: str) -> Function:
    """The function; `whose` names it and its package. It raises `OperandError` whatever its code raises."""
    promised = function.result if isinstance(function.result, Type) else ANY

    def checked(apply: Callable[..., object]) -> Callable[..., object]:
        def applied(*given: Any) -> object:
            try:
                made = apply(*given)
            except OperandError:
                raise
            except Exception as error:
                raise OperandError(f"{whose} failed: {said(error)}") from error
            if size(made) > MAX_SIZE:
                raise TooLarge(f"{whose} made too large a value")
            if not _is_of(promised, made):
                found = value_in_words(made) if _is_of(ANY, made) else f"a `{type(made).__name__}`"
                raise OperandError(f"{whose} failed: it gives {promised}, and gave {found}")
            return made

        return applied

    prepare = function.prepare
    if prepare is None:
        return replace(function, apply=checked(function.apply))

    def prepared(*parameters: Any) -> Callable[[Any], object]:
        try:
            return checked(prepare(*parameters))
        except OperandError:
            raise
        except Exception as error:
            raise OperandError(f"{whose} failed: {said(error)}") from error

    return replace(function, apply=checked(function.apply), prepare=prepared)


def _is_of(promised: Type, value: object) -> bool:
    """Whether a value is of a type, and JSON all through."""
    match promised:
        case TextType(choices):
            return type(value) is str and (choices is None or value in choices)
        case IntType():
            return type(value) is int and is_number_in_range(value)
        case FloatType():
            return (type(value) is float or type(value) is int) and is_number_in_range(value)
        case BoolType():
            return type(value) is bool
        case NullType():
            return value is None
        case MaybeType(of):
            return value is None or _is_of(of, value)
        case ListType(item):
            return type(value) is list and _all_of(item, value)
        case RecordType(fields, is_open):
            if type(value) is not dict or not all(type(name) is str for name in value):
                return False
            if not is_open and not value.keys() <= fields.keys():
                return False
            return all(_is_of(fields.get(name, ANY), inner) for name, inner in value.items())
    if type(value) is dict:
        return all(type(name) is str for name in value) and _all_of(ANY, value.values())
    if type(value) is list:
        return _all_of(ANY, value)
    if type(value) is int or type(value) is float:
        return is_number_in_range(value)
    return value is None or type(value) in (str, bool)


def _all_of(promised: Type, values: Iterable[object]) -> bool:
    return all(_is_of(promised, value) for value in values)
