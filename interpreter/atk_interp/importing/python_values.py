"""What prompts are filled in with that Python says in literals, beside the rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from atk_interp.importing.secrets import HIDDEN

__all__ = ["RUNS", "literal_values"]

RUNS = ("execute_pipeline", "run", "generate", "execute")
"""The methods that run a step; what they are given by name, its prompt is filled in with."""


def literal_values(nodes: Sequence[ast.AST]) -> dict[str, Any]:
    """The values of names that have one: given to a step or to its run, or else the default of a function."""
    return {**_only(_defaults(nodes)), **_only(_given(nodes))}


def _only(pairs: Iterator[tuple[str, ast.AST | None]]) -> dict[str, Any]:
    """The names that all literals give one value; a name with two has none that holds for every step."""
    found: dict[str, list[Any]] = {}
    for name, node in pairs:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float) and _can_stand(node.value):
            found.setdefault(name, []).append(node.value)
    return {name: values[0] for name, values in found.items() if len(set(map(repr, values))) == 1}


def _can_stand(value: Any) -> bool:
    return not isinstance(value, str) or not (HIDDEN in value or value.startswith("="))  # a key, an expression to us


def _given(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, ast.AST | None]]:
    for node in nodes:
        if isinstance(node, ast.keyword) and node.arg == "static_arguments" and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS:
            yield from ((word.arg, word.value) for word in node.keywords if word.arg)


def _defaults(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, ast.AST | None]]:
    for node in nodes:
        if isinstance(node, ast.arguments):
            named = (*node.posonlyargs, *node.args)
            for arg, value in zip(named[len(named) - len(node.defaults) :], node.defaults, strict=True):
                yield arg.arg, value
            for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                yield arg.arg, default
