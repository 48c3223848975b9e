"""Closures of what is inside of values: fields, items, parts of lists and texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atk_interp.expressions import ast
from atk_interp.expressions.compile_base import NOT_CONSTANT, Closure, Compiling, Scope, constant
from atk_interp.expressions.errors import EvaluationError
from atk_interp.expressions.functions import MISSING
from atk_interp.expressions.kinds import value_in_words
from atk_interp.expressions.shape import RECORD_METHODS

__all__ = ["compiled_attribute", "compiled_index", "compiled_name", "compiled_slice"]


def compiled_name(compiler: Compiling, node: ast.Name) -> Closure:
    name = node.name

    def read(scope: Scope) -> object:
        try:
            return scope[name]
        except KeyError:
            raise compiler.error(node, f"there is no `{name}` here") from None

    return read


def compiled_attribute(compiler: Compiling, node: ast.Attribute, *, is_lenient: bool) -> Closure:
    """`target.name`"""
    target, name = compiler.closure(node.target), node.name
    if is_lenient:
        pick = _picker(compiler, node, is_lenient=True)
        return lambda scope: pick(target(scope), name)

    def read(scope: Scope) -> object:
        value: Any = target(scope)
        try:
            return value[name]
        except KeyError:
            raise compiler.error(node, f"the record has no field `{name}`") from None
        except TypeError:
            raise _no_fields(compiler, node, value) from None

    return read


def compiled_index(compiler: Compiling, node: ast.Index, *, is_lenient: bool) -> Closure:
    """`target[index]`"""
    index, target = compiler.closure(node.index), compiler.closure(node.target)
    pick = _picker(compiler, node, is_lenient=is_lenient)
    key = constant(node.index)
    if type(key) not in (int, str):
        return lambda scope: pick(target(scope), index(scope))
    holders = frozenset([list, str]) if type(key) is int else frozenset([dict])

    def take(scope: Scope) -> object:
        value: Any = target(scope)
        if type(value) in holders:
            try:
                return value[key]
            except LookupError:
                pass
        return pick(value, key)

    return take


def _picker(compiler: Compiling, node: ast.Node, *, is_lenient: bool) -> Callable[[Any, Any], object]:
    """The item of a value for a key."""

    def pick(value: Any, key: Any) -> object:
        if isinstance(value, Mapping) and type(key) is str:
            if key in value or (is_lenient and key not in RECORD_METHODS):
                return value.get(key, MISSING)
            raise compiler.error(node, f"the record has no field `{key}`")
        if type(value) in (list, str) and type(key) is int:
            if -len(value) <= key < len(value):
                return value[key]
            if is_lenient:
                return MISSING
            count = len(value)
            raise compiler.error(node, f"there is no item {key}: there {'is' if count == 1 else 'are'} only {count}")
        if isinstance(value, Mapping | list | str):
            raise compiler.error(node, f"{value_in_words(value)} has no item for {value_in_words(key)}")
        raise _no_fields(compiler, node, value)

    return pick


def _no_fields(compiler: Compiling, node: ast.Node, value: object) -> EvaluationError:
    return compiler.error(node, f"{value_in_words(value)} has no fields")


def compiled_slice(compiler: Compiling, node: ast.Slice) -> Closure:
    """`target[lower:upper:step]`"""
    target = compiler.closure(node.target)
    part_of = _part(compiler, node)

    def cut(scope: Scope) -> object:
        value: Any = target(scope)
        part = part_of(scope)
        if type(value) is list or type(value) is str:
            return value[part]
        raise compiler.error(node, f"only a list or a text has parts `[a:b]`, not {value_in_words(value)}")

    return cut


def _part(compiler: Compiling, node: ast.Slice) -> Callable[[Scope], slice]:
    """The bounds, as Python takes them; made once when they are literals."""
    nodes = (node.lower, node.upper, node.step)
    known = [constant(bound) for bound in nodes]
    if NOT_CONSTANT not in known:
        try:
            part = _checked_part(compiler, node, known)
        except EvaluationError:
            pass  # told when a row gets there, as all that fails while evaluating
        else:
            return lambda _: part
    bounds = [(lambda _: None) if bound is None else compiler.closure(bound) for bound in nodes]
    return lambda scope: _checked_part(compiler, node, [bound(scope) for bound in bounds])


def _checked_part(compiler: Compiling, node: ast.Slice, places: list[object]) -> slice:
    if any(place is not None and type(place) is not int for place in places):
        raise compiler.error(node, "the bounds of a part `[a:b]` are whole numbers")
    if places[2] == 0:
        raise compiler.error(node, "the step of a part `[a:b:step]` must not be 0")
    return slice(*places)
