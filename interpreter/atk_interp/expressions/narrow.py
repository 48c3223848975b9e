"""What a condition tells about names: `x is not none and …` knows on its right that x is there.

Facts are types by path (`"answer"`, `"row.id"`). Only what is certain is concluded; a fact too few costs a
warning, a wrong one would hide a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from atk_interp.expressions import ast
from atk_interp.expressions.types import NULL, Type, join_types, without_null

__all__ = ["NULL_PASSES", "Facts", "facts_if", "path_of"]

Facts: TypeAlias = Mapping[str, Type]

NULL_PASSES = frozenset(["defined", "eq", "equalto", "in", "ne", "none", "undefined"])
"""Tests that none may pass, or that say nothing about it."""


def path_of(node: ast.Node) -> str | None:
    """`"a.b[0]"` for a name, or a field or an item of one; None for everything else."""
    match node:
        case ast.Name(name=name):
            return name
        case ast.Attribute(target=target, name=name):
            path = path_of(target)
            return None if path is None else f"{path}.{name}"
        case ast.Index(target=target, index=ast.Literal(value=key)) if type(key) in (str, int):
            path, step = path_of(target), f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"
            return None if path is None else path + step
    return None


def facts_if(node: ast.Node, holds: bool, types: Facts) -> dict[str, Type]:
    """What is known once the condition came out true (or false). `types` are those seen when it was checked."""
    path = path_of(node)
    if path is not None:
        return {path: without_null(types[path])} if holds and path in types else {}
    match node:
        case ast.Unary(operator="not", operand=operand):
            return facts_if(operand, not holds, types)
        case ast.And(left=left, right=right) if holds:
            return {**facts_if(left, True, types), **facts_if(right, True, types)}
        case ast.Or(left=left, right=right) if not holds:
            return {**facts_if(left, False, types), **facts_if(right, False, types)}
        case ast.And(left=left, right=right) | ast.Or(left=left, right=right):
            # One of them came out so, whichever: what both tell is known.
            first, second = facts_if(left, holds, types), facts_if(right, holds, types)
            return {path: join_types([first[path], second[path]]) for path in first.keys() & second.keys()}
        case ast.Test(target=target, name=name, negated=negated):
            return _tested(path_of(target), name, holds is not negated, types)
        case ast.Comparison(first=first, rest=[(operator, ast.Literal(value=value))]) if operator in ("==", "!="):
            is_equal = (operator == "==") is holds
            if value is None:
                return _tested(path_of(first), "none", is_equal, types)
            return _tested(path_of(first), "something", True, types) if is_equal else {}
        case ast.Comparison(first=first, rest=[("==", ast.ListDisplay() | ast.RecordDisplay())]) if holds:
            return _tested(path_of(first), "something", True, types)
        case ast.Comparison(first=first, rest=[("in", ast.ListDisplay(items=items))]) if holds:
            are_values = all(isinstance(item, ast.Literal) and item.value is not None for item in items)
            return _tested(path_of(first), "something", True, types) if are_values else {}
        case ast.Comparison(first=first, rest=[(operator, other)]) if operator in ("<", "<=", ">", ">="):
            # None can be compared with nothing: whatever came out, both were there.
            sides = [_tested(path_of(side), "something", True, types) for side in (first, other)]
            return {**sides[0], **sides[1]}
    return {}


def _tested(path: str | None, name: str, passed: bool, types: Facts) -> dict[str, Type]:
    if path is None or path not in types:
        return {}
    if name == "none":
        return {path: NULL if passed else without_null(types[path])}
    return {path: without_null(types[path])} if passed and name not in NULL_PASSES else {}
