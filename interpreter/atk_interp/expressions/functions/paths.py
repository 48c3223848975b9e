"""Fields of items by path, as the `attribute` of Jinja's filters finds them."""

from __future__ import annotations

from collections.abc import Callable

from atk_interp.expressions.errors import OperandError

__all__ = ["MISSING", "path_getter", "path_parts"]

MISSING = type("Missing", (), {"__repr__": lambda _: "MISSING"})()
"""Stands for a value that is not there. Never the value of an expression."""

_METHODS = frozenset(dir(dict))


def path_parts(attribute: str | int | None) -> list[str | int]:
    """The steps of `"address.city"`, `"0.name"`, `0`; none of them for None, which is the item itself."""
    if attribute is None:
        return []
    if isinstance(attribute, int):
        return [attribute]
    return [int(part) if part.isdigit() else part for part in attribute.split(".")]


def path_getter(
    attribute: str | int | None, default: object = None, *, lenient: bool = False
) -> Callable[[object], object]:
    """A function from an item to its field. What is not there is `default`, unless that is None.

    Raises (the function) `OperandError` for a missing field; `lenient` gives `MISSING` if it is the last step.
    """
    parts = path_parts(attribute)

    def get(item: object) -> object:
        for part in parts:
            if item is MISSING:
                break
            item = _step(item, part)
            if item is MISSING and default is not None:
                item = default
        if item is MISSING and not lenient:
            raise OperandError(f"an item has no `{attribute}`")
        return item

    return _direct(parts[0], get) if len(parts) == 1 else get


def _direct(part: str | int, general: Callable[[object], object]) -> Callable[[object], object]:
    """The field itself where it is there, as it nearly always is."""

    def get(item: object) -> object:
        try:
            return item[part]  # type: ignore[index]
        except (TypeError, LookupError):
            return general(item)

    return get


def _step(item: object, part: str | int) -> object:
    try:
        return item[part]  # type: ignore[index]
    except (TypeError, LookupError):
        if part in _METHODS and isinstance(item, dict):
            # Jinja finds the method of that name.
            raise OperandError(f"an item has no `{part}`") from None
    if isinstance(item, dict) or (isinstance(item, list) and isinstance(part, int)):
        return MISSING
    raise OperandError(f"`{part}` is looked for in something that has no fields")
