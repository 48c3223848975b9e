"""Checks of options that several parsers share; each raises `OptionsError` with the way to the culprit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.replies.base import OptionsError
from atk_interp.replies.tolerant import Wanted

__all__ = ["KEY_HELP", "Path", "bounds", "count", "field_name", "flag", "header", "into"]

Path = tuple[str | int, ...]

KEY_HELP = {
    "fields": "The fields that the function gives, with their types.",
    "into": "The field that is written.",
    "after": "The words behind which the answer stands.",
    "type": "`int` for whole numbers only.",
    "min": "The least number that is read.",
    "max": "The greatest number that is read.",
    "scores": "A field that gets all that has a name in one record.",
    "optional": "The groups that need not take part in the match; they are none then.",
    "min_items": "The fewest items.",
    "max_items": "The most items.",
    "min_turns": "The fewest turns.",
    "max_turns": "The most turns.",
}
"""What the keys beside the names of parsers are for."""


def field_name(value: Any, path: Path) -> str:
    """A name that expressions and templates can use."""
    if isinstance(value, str) and value.isidentifier():
        return value
    raise OptionsError(f"`{value}` cannot name a field", path, "use letters, digits and `_`, no digit first")


def into(options: Mapping[str, Any], parser: str) -> str:
    """The field named by the required key `into`."""
    if "into" not in options:
        raise OptionsError(f"`{parser}` does not say which field it fills", (parser,), "add `into: NAME`")
    return field_name(options["into"], ("into",))


def header(options: Mapping[str, Any]) -> Wanted | None:
    """The words of `after`, if given."""
    value = options.get("after")
    if value is None:
        return None
    if not isinstance(value, str):
        raise OptionsError("`after` must be text", ("after",), "put it in quotes")
    wanted = Wanted(value)
    if not wanted.key:
        raise OptionsError("`after` holds no words to look for", ("after",))
    return wanted


def count(options: Mapping[str, Any], key: str, default: int) -> int:
    """A whole number of at least 1."""
    value = options.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise OptionsError(f"`{key}` must be a whole number from 1", (key,))
    return value


def flag(options: Mapping[str, Any], key: str, path: Path = ()) -> bool:
    """A key that is true or false; false when it is not there."""
    value = options.get(key, False)
    if not isinstance(value, bool):
        raise OptionsError(f"`{key}` must be true or false", (*path, key))
    return value


def bounds(options: Mapping[str, Any], path: Path = ()) -> tuple[float | None, float | None]:
    """`min` and `max`, either of which may be missing."""
    found: list[float | None] = []
    for key in ("min", "max"):
        value = options.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise OptionsError(f"`{key}` must be a number", (*path, key))
        found.append(value)
    low, high = found
    if low is not None and high is not None and low > high:
        raise OptionsError(f"no number is at least {low} and at most {high}", (*path, "min"))
    return low, high
