"""Values of parameters: checking them, and binding what a config and a caller give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from atk_interp.document import Path
from atk_interp.expressions.types import ANY, BOOL, FLOAT, INT, TEXT, ListType, RecordType, TextType, Type, maybe
from atk_interp.spec.model import Param

__all__ = ["check_value", "describe_param", "missing", "param_type", "taken_by", "unquoted", "where_wrong"]


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
        base = ListType(_item_type(param))
    if param.type == "choice":
        texts = [choice for choice in param.choices if isinstance(choice, str)]
        base = TextType(tuple(texts)) if len(texts) == len(param.choices) else ANY
    empty = not param.required and (not param.has_default or param.default is None)
    return maybe(base) if empty else base


def _item_type(param: Param) -> Type:
    plain: Mapping[str, Type] = {"text": TEXT, "int": INT, "float": FLOAT, "bool": BOOL}
    return plain.get(param.of, ANY)  # of maps, only some keys are known


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
    if isinstance(value, list | tuple) and param.type == "list":
        return _wrong_list(param, value)
    if param.choices and value not in param.choices:
        return f"`{param.name}` cannot be `{value}`; choices are {', '.join(f'`{choice}`' for choice in param.choices)}"
    size = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if size is not None and param.min is not None and size < param.min:
        return f"`{param.name}` must be at least {param.min}, not {value}"
    if size is not None and param.max is not None and size > param.max:
        return f"`{param.name}` must be at most {param.max}, not {value}"
    return None


def _has_type(value: Any, type_: str) -> bool:
    return isinstance(value, _PYTHON[type_]) and (type_ == "bool" or not isinstance(value, bool))


def _wrong_list(param: Param, items: Sequence[Any]) -> str | None:
    for index, item in enumerate(items):
        if problem := _wrong_item(param, item):
            return f"`{param.name}` takes {taken_by(param)}; item {index + 1} {problem}"
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
    lacking = [key for key in param.needs if not isinstance(item, dict) or item.get(key) is None]
    if lacking:
        return f"has no `{lacking[0]}`"
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
    """Where in a value that does not fit it is wrong: at an item of a list, or as a whole."""
    if param.type != "list" or not isinstance(value, list | tuple):
        return ()
    return next(((index,) for index, item in enumerate(value) if _wrong_item(param, item)), ())


def _shown(param: Param, value: Any) -> str:
    """A value of the wrong type; a text that looks like the right one is said to be a text."""
    return f"the text `{value}`" if isinstance(value, str) and unquoted(param, value) else f"`{value}`"


def unquoted(param: Param, value: Any) -> str | None:
    """What to do with a value that the quotes of YAML make wrong, too many or too few; None when it is not that."""
    if param.type == "list" and (place := where_wrong(param, value)):
        return _quoted(param, value[place[0]])
    if not isinstance(value, str) or param.type not in ("int", "float", "bool"):
        return None
    if param.type == "bool":
        return f"write {_TRUTHS[value.lower()]} without quotes" if value.lower() in _TRUTHS else None
    try:
        (int if param.type == "int" else float)(value)
    except ValueError:
        return None
    return f"write {value} without quotes"


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
