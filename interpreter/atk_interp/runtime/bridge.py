"""From a thread that works on rows to the event loop that asks endpoints, and back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from atk_interp.llm.messages import EndpointDown
from atk_interp.llm.vectors import Vector

__all__ = ["AT_ONCE", "CHUNK", "embedded", "gathered"]

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 256
"""Texts that are handed over at a time."""

_CHUNKS = 8

AT_ONCE = 256
"""Rows that a step over all rows asks about at a time."""

Ask = Callable[[list[str]], Coroutine[Any, Any, list[Vector]]]


def embedded(loop: asyncio.AbstractEventLoop, ask: Ask, chunks: Iterator[list[str]]) -> Iterator[Vector]:
    """The vectors of all texts, in order; not to be called in the loop. See `gathered`."""
    for vectors in gathered(loop, ask, chunks, _CHUNKS):
        yield from vectors


def gathered(
    loop: asyncio.AbstractEventLoop, ask: Callable[[T], Coroutine[Any, Any, R]], items: Iterator[T], at_once: int
) -> Iterator[R]:
    """What comes of each item, in order; not to be called in the loop. At most so many are asked for at once.

    When one fails on transport, no more results come, but the others are asked for all the same: what they bring is
    there when the run goes on. At the end what went wrong is raised; anything else is raised at once.
    """
    asked: deque[Future[R]] = deque()
    lost: EndpointDown | None = None
    try:
        while True:
            item = next(items, _NONE)
            if not isinstance(item, _End):
                asked.append(asyncio.run_coroutine_threadsafe(ask(item), loop))
            if not asked:
                break
            if isinstance(item, _End) or len(asked) == at_once:
                try:
                    result = asked.popleft().result()
                except EndpointDown as error:
                    lost = lost or error
                    continue
                if lost is None:
                    yield result
    finally:
        for future in asked:
            future.cancel()
    if lost is not None:
        raise lost


class _End:
    """There are no more items."""


_NONE = _End()
