"""Values of parameters: checking them, and binding what a config and a caller give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from atk_interp.diagnostics import did_you_mean
from atk_interp.document import Path
from atk_interp.expressions.types import ANY, BOOL, FLOAT, INT, TEXT, ListType, RecordType, TextType, Type, maybe
from atk_interp.spec.model import Param

__all__ = [
    "check_value",
    "describe_param",
    "item_type",
    "missing",
    "param_type",
    "taken_by",
    "unknown_keys",
    "unquoted",
    "where_wrong",
]


def param_type(param: Param) -> Type:
    """The type of a parameter in expressions: "maybe" when it may be left out."""
    base: Type = {
        "text": TEXT,
        "path": TEXT,
        "int": INT,
        "float": FLOAT,
        "bool": BOOL,
        "map": RecordType({}, open=True),
    }.get(param.type, ANY)
    if param.type == "list":
        base = ListType(item_type(param))
    if param.type == "choice":
        texts = [choice for choice in param.choices if isinstance(choice, str)]
        base = TextType(tuple(texts)) if len(texts) == len(param.choices) else ANY
    empty = not param.required and (not param.has_default or param.default is None)
    return maybe(base) if empty else base


def item_type(param: Param) -> Type:
    """The type of the items of a list, or the values of a map, in expressions."""
    plain: Mapping[str, Type] = {"text": TEXT, "int": INT, "float": FLOAT, "bool": BOOL}
    return plain.get(param.of, ANY)  # of maps, keys that may be there are read with a default, which types know not of


_PYTHON: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "path": (str, FilePath),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list, tuple),
    "map": (dict,),
}
_TYPE_NAMES = {
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
_ITEM_NAMES = {
    "text": "texts",
    "int": "whole numbers",
    "float": "numbers",
    "bool": "true and false",
    "map": "maps",
}


def taken_by(param: Param) -> str:
    """What a parameter takes, in words: a list of texts."""
    items = f" of {_ITEM_NAMES[param.of]}" if param.of in _ITEM_NAMES else ""
    keys = f" with {' and '.join(f'`{key}`' for key in param.needs)}" if param.needs else ""
    return _TYPE_NAMES[param.type] + items + keys


def check_value(param: Param, value: Any) -> str | None:
    """What is wrong with a value, in a sentence; None when nothing is."""
    if value is None:
        return None if not param.required else f"`{param.name}` needs a value"
    if param.type in _PYTHON and not _has_type(value, param.type):
        return f"`{param.name}` takes {taken_by(param)}, not {_shown(param, value)}"
    if inner := _wrong_inside(param, value):
        return inner.told
    if isinstance(value, list | tuple) and param.type == "list":
        return _wrong_count(param, value)
    if param.choices and value not in param.choices:
        return f"`{param.name}` cannot be `{value}`; choices are {', '.join(f'`{choice}`' for choice in param.choices)}"
    size = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if size is not None and param.min is not None and size < param.min:
        return f"`{param.name}` must be at least {param.min}, not {value}"
    if size is not None and param.max is not None and size > param.max:
        return f"`{param.name}` must be at most {param.max}, not {value}"
    return None


def _has_type(value: Any, type_: str) -> bool:
    if isinstance(value, float) and not isfinite(value):
        return False
    return isinstance(value, _PYTHON[type_]) and (type_ == "bool" or not isinstance(value, bool))


class _Wrong(NamedTuple):
    """What is wrong within a list or map: where, in a sentence, and what to do if it is a matter of quotes."""

    path: Path
    told: str
    help: str | None


def _wrong_inside(param: Param, value: Any) -> _Wrong | None:
    """The first thing that is wrong with an item of a list or a value of a map; None when nothing is."""
    if param.type == "map" and param.of == "any" and isinstance(value, dict):
        if lacking := _lacking(param, value):
            return _Wrong((), f"`{param.name}` takes {taken_by(param)}, and has no `{lacking}`", None)
        return _wrong_key(param, value, f"in `{param.name}`")
    for part, item, called in _parts(param, value):
        if problem := _wrong_item(param, item):
            told = f"`{param.name}` takes {taken_by(param)}; {called} {problem}"
            return _Wrong((part,), told, _quoted(param, item))
        if wrong := _wrong_key(param, item, f"in {called} of `{param.name}`"):
            return _Wrong((part, *wrong.path), wrong.told, wrong.help)
    return None


def _parts(param: Param, value: Any) -> Iterator[tuple[str | int, Any, str]]:
    """The items of a list, or the values of a map: where each is, and what people call it."""
    if param.type == "list" and isinstance(value, list | tuple):
        yield from ((index, item, f"item {index + 1}") for index, item in enumerate(value))
    if param.type == "map" and param.of != "any" and isinstance(value, dict):
        yield from ((str(name), item, f"`{name}`") for name, item in value.items())


def _lacking(param: Param, given: Any) -> str | None:
    """A key that a map must have and has not."""
    return next((key for key in param.needs if not isinstance(given, dict) or given.get(key) is None), None)


def _wrong_key(param: Param, given: Any, where: str) -> _Wrong | None:
    for key, taken in param.takes.items() if isinstance(given, dict) else ():
        value = given.get(key)
        if problem := check_value(taken, value) if value is not None else None:
            help_ = _quoted(Param("", "list", of="text"), value) if taken.type == "text" else unquoted(taken, value)
            return _Wrong((key, *where_wrong(taken, value)), f"{where}, {problem}", help_)
    return None


def unknown_keys(param: Param, value: Any) -> Iterator[tuple[Path, str, str | None]]:
    """The keys of maps that the parameter has no use for: where in the value, a sentence, and the help for it."""
    if not param.takes:
        return
    own = param.type == "map" and param.of == "any"
    parts = (
        [((), value, f"`{param.name}`")]
        if own
        else [((part,), item, f"{called} of `{param.name}`") for part, item, called in _parts(param, value)]
    )
    known = ", ".join(f"`{key}`" for key in param.takes)
    for path, given, called in parts:
        for key in given if isinstance(given, dict) else ():
            if key not in param.takes:
                help_ = did_you_mean(str(key), param.takes) or f"there may be {known}"
                yield (*path, key), f"`{key}` means nothing in {called}", help_


def _wrong_count(param: Param, items: Sequence[Any]) -> str | None:
    if param.min is not None and len(items) < param.min:
        return f"`{param.name}` must have at least {_items(param.min)}, not {len(items)}"
    if param.max is not None and len(items) > param.max:
        return f"`{param.name}` must have at most {_items(param.max)}, not {len(items)}"
    return None


def _items(count: float) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _wrong_item(param: Param, item: Any) -> str | None:
    """What is wrong with an item of a list, as in "is a map"; None when nothing is."""
    if param.of in _PYTHON and not _has_type(item, param.of):
        return f"is {_sort(item)}"
    if lacking := _lacking(param, item):
        return f"has no `{lacking}`"
    if param.choices and item not in param.choices:
        return f"cannot be `{item}`; choices are {', '.join(f'`{choice}`' for choice in param.choices)}"
    return None


def _sort(item: Any) -> str:
    if item is None:
        return "empty"
    if isinstance(item, dict):
        return "a map"
    return "a list" if isinstance(item, list | tuple) else f"`{_plain(item)}`"


def _plain(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def where_wrong(param: Param, value: Any) -> Path:
    """Where in a value that does not fit it is wrong: at an item, at a key of one, or as a whole."""
    inner = _wrong_inside(param, value)
    return inner.path if inner else ()


def _shown(param: Param, value: Any) -> str:
    """A value of the wrong type; a text that looks like the right one is said to be a text."""
    return f"the text `{value}`" if isinstance(value, str) and unquoted(param, value) else f"`{value}`"


def unquoted(param: Param, value: Any) -> str | None:
    """What to do with a value that the quotes of YAML make wrong, too many or too few; None when it is not that."""
    if inner := _wrong_inside(param, value):
        return inner.help
    if not isinstance(value, str) or param.type not in ("int", "float", "bool"):
        return None
    if param.type == "bool":
        return f"write {_TRUTHS[value.lower()]} without quotes" if value.lower() in _TRUTHS else None
    try:
        number = (int if param.type == "int" else float)(value)
    except ValueError:
        return None
    return f"write {value} without quotes" if isfinite(number) else None


def _quoted(param: Param, item: Any) -> str | None:
    """What to do with an item that is no text, and would be one in quotes."""
    if param.of != "text" or item is None or isinstance(item, list | tuple):
        return None
    return "put quotes around a text with a colon" if isinstance(item, dict) else f'write "{_plain(item)}" in quotes'


_TRUTHS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}


def missing(params: Mapping[str, Param], given: Mapping[str, Any]) -> list[Param]:
    """The required parameters that have no value."""
    return [param for param in params.values() if param.required and given.get(param.name) is None]


def describe_param(param: Param) -> str:
    """`input_dir` (path, in section `path`): Folder of documents."""
    section = f", in section `{param.section}`" if param.section else ""
    return f"`{param.name}` ({param.type}{section})" + (f": {param.help}" if param.help else "")
