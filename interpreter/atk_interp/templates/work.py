"""What one rendering may cost: steps of work, and how large a value may grow.

A step is about one turn of a loop, one call, or the handling of 32 characters. Every loop, call, filter and operator
of a template spends them, so that no template can keep a run waiting, whatever it does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sized
from typing import Any

__all__ = [
    "MAX_RENDERED",
    "RenderError",
    "begin",
    "bounded",
    "check_size",
    "compared",
    "counted",
    "joined",
    "size",
    "spend",
    "spend_on",
]

MAX_RENDERED = 8_000_000
"""Characters that one rendering, or a text on the way to it, may have; each part of a list counts as 16."""
MAX_STEPS = 1_000_000
_PART = 16
_MAX_BITS = 4_096


class RenderError(Exception):
    """A template that could not be rendered for a row. The message is for people."""


class _Work(threading.local):
    """The steps that are left to the rendering of this thread. A rendering never changes its thread."""

    left = 0


_work = _Work()


def begin() -> None:
    """Start to count for a new rendering."""
    _work.left = MAX_STEPS


def spend(steps: int) -> None:
    """Count work that is about to be done. Raises `RenderError` when it is too much."""
    _work.left -= steps
    if _work.left < 0:
        raise RenderError("the template does too much work for one message")


def spend_on(value: object) -> None:
    """Count one walk over a value."""
    kind = type(value)
    if kind is str:
        spend(1 + (len(value) >> 5))  # type: ignore[arg-type]
    elif kind is int or kind is bool or value is None:
        spend(1)
    else:
        spend(1 + (size(value) >> 5))


def check_size(count: int) -> None:
    """Refuse a text or list before it is made. Raises `RenderError`."""
    if count > MAX_RENDERED:
        raise RenderError(f"the rendered text has more than {MAX_RENDERED:,} characters")


def size(value: object) -> int:
    """Characters of a value with all its parts; counting stops past the bound. A part that occurs twice counts twice:
    lists that hold one list over and over are small to keep and endless to write.
    """
    total = 0
    waiting = [value]
    while waiting and total <= MAX_RENDERED:
        current = waiting.pop()
        total += _PART
        if isinstance(current, str):
            total += len(current)
        elif isinstance(current, list | tuple):
            total += _PART * len(current)
            waiting.extend(current[: MAX_RENDERED // _PART])
        elif isinstance(current, dict):
            total += _PART * len(current)
            waiting.extend(current)
            waiting.extend(current.values())
        elif isinstance(current, range):
            total += _PART * len(current)
    return total


def bounded(value: Any) -> Any:
    """A computed value, if it is within bounds."""
    if isinstance(value, str):
        length = len(value)
        if length > MAX_RENDERED:
            check_size(length)
        spend(1 + (length >> 5))
    elif isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise RenderError("a number of more than 1,000 digits is not allowed in a template")
        spend(1)
    elif isinstance(value, list | tuple | dict):
        total = size(value)
        check_size(total)
        spend(1 + (total >> 5))
    return value


def counted(values: Any) -> Any:
    """What a loop goes over, paid for: at once where its length is known, one by one where it comes bit by bit."""
    if isinstance(values, Iterator):
        return _counting(values)
    if isinstance(values, Sized):
        spend(1 + len(values))
    return values


def _counting(values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        spend(1)
        yield value


def compared(value: Any) -> Any:
    """An operand of a comparison, paid for: texts are compared fast."""
    if isinstance(value, str):
        spend(1 + (len(value) >> 8))
    elif isinstance(value, list | tuple | dict):
        spend(1 + (size(value) >> 5))
    return value


def joined(parts: Iterable[Any]) -> str:
    """The parts as one text: what `~`, a macro, and a block that is set make."""
    texts = [str(part) for part in parts]
    total = sum(map(len, texts))
    check_size(total)
    spend(1 + len(texts) + (total >> 5))
    return "".join(texts)
