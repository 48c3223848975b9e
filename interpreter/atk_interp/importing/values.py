"""Values of configs of another project in the words and the types that ours have."""

from __future__ import annotations

import ast
from typing import Any

from atk_interp.elsewhere import Key
from atk_interp.spec import Param

__all__ = ["changed", "fitted", "truth"]


def changed(value: Any, key: Key) -> Any:
    """A value as ours: another word for it, or another mark in its texts."""
    if isinstance(value, list):
        return [changed(part, key) for part in value]
    if key.values is not None and isinstance(value, str | bool):
        said = truth(value)
        return key.values[said] if said in key.values else key.values.get(value, value)
    return value.replace(*key.replaced) if key.replaced and isinstance(value, str) else value


def truth(value: Any) -> Any:
    """What a text says that was a truth value before a mark stood before it."""
    if isinstance(value, str) and value.lower() in ("true", "yes", "on", "false", "no", "off"):
        return value.lower() in ("true", "yes", "on")
    return value


def fitted(value: Any, param: Param) -> Any:
    """A value in the type of a parameter, where nothing is lost by it."""
    if param.type == "bool":
        return truth(value)
    if param.type in ("text", "path") and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if param.type == "list" and isinstance(value, str):
        return _list(value)
    if param.type in ("int", "float"):
        return _number(value, param)
    return value


def _list(text: str) -> list[Any]:
    """A list that is written as a text, as an earlier version of the original had them, or one of the text."""
    try:
        found = ast.literal_eval(text.strip()) if text.lstrip().startswith("[") else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = None
    return found if isinstance(found, list) else [text]


def _number(value: Any, param: Param) -> Any:
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        return value
    whole = isinstance(number, float) and number.is_integer() and param.type == "int"
    return int(number) if whole else number
