"""Values of parameters: checking them, and binding what a config and a caller give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from atk_interp.expressions.types import ANY, BOOL, FLOAT, INT, TEXT, ListType, RecordType, TextType, Type, maybe
from atk_interp.spec.model import Param

__all__ = ["TYPE_NAMES", "check_value", "describe_param", "missing", "param_type", "unquoted"]


def param_type(param: Param) -> Type:
    """The type of a parameter in expressions: "maybe" when it may be left out."""
    base: Type = {
        "text": TEXT,
        "path": TEXT,
        "int": INT,
        "float": FLOAT,
        "bool": BOOL,
        "list": ListType(ANY),
        "map": RecordType({}, open=True),
    }.get(param.type, ANY)
    if param.type == "choice":
        texts = [choice for choice in param.choices if isinstance(choice, str)]
        base = TextType(tuple(texts)) if len(texts) == len(param.choices) else ANY
    empty = not param.required and (not param.has_default or param.default is None)
    return maybe(base) if empty else base


_PYTHON: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "path": (str, FilePath),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list, tuple),
    "map": (dict,),
}
TYPE_NAMES = {
    "text": "text",
    "path": "a path",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "map": "a mapping",
    "choice": "one of",
}
"""The types of parameters, as people are told what one takes."""


def check_value(param: Param, value: Any) -> str | None:
    """What is wrong with a value, in a sentence; None when nothing is."""
    if value is None:
        return None if not param.required else f"`{param.name}` needs a value"
    if param.type in _PYTHON:
        fits = isinstance(value, _PYTHON[param.type]) and (param.type == "bool" or not isinstance(value, bool))
        if not fits:
            return f"`{param.name}` takes {TYPE_NAMES[param.type]}, not {_shown(param, value)}"
    if param.choices and value not in param.choices:
        return f"`{param.name}` cannot be `{value}`; choices are {', '.join(f'`{choice}`' for choice in param.choices)}"
    size = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if size is not None and param.min is not None and size < param.min:
        return f"`{param.name}` must be at least {param.min}, not {value}"
    if size is not None and param.max is not None and size > param.max:
        return f"`{param.name}` must be at most {param.max}, not {value}"
    return None


def _shown(param: Param, value: Any) -> str:
    """A value of the wrong type; a text that looks like the right one is said to be a text."""
    return f"the text `{value}`" if isinstance(value, str) and unquoted(param, value) else f"`{value}`"


def unquoted(param: Param, value: Any) -> str | None:
    """What to do with a text that would be of the type without its quotes; None when it would not."""
    if not isinstance(value, str) or param.type not in ("int", "float", "bool"):
        return None
    if param.type == "bool":
        return f"write {_TRUTHS[value.lower()]} without quotes" if value.lower() in _TRUTHS else None
    try:
        (int if param.type == "int" else float)(value)
    except ValueError:
        return None
    return f"write {value} without quotes"


_TRUTHS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}


def missing(params: Mapping[str, Param], given: Mapping[str, Any]) -> list[Param]:
    """The required parameters that have no value."""
    return [param for param in params.values() if param.required and given.get(param.name) is None]


def describe_param(param: Param) -> str:
    """`input_dir` (path, in section `path`): Folder of documents."""
    section = f", in section `{param.section}`" if param.section else ""
    return f"`{param.name}` ({param.type}{section})" + (f": {param.help}" if param.help else "")
