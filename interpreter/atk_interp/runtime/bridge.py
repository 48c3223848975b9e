"""From a thread that works on rows to the event loop that asks endpoints, and back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any

from atk_interp.llm.messages import EndpointDown
from atk_interp.llm.vectors import Vector

__all__ = ["CHUNK", "embedded"]

CHUNK = 256
"""Texts that are handed over at a time."""

_CHUNKS = 8

Ask = Callable[[list[str]], Coroutine[Any, Any, list[Vector]]]


def embedded(loop: asyncio.AbstractEventLoop, ask: Ask, chunks: Iterator[list[str]]) -> Iterator[Vector]:
    """The vectors of all texts, in order; not to be called in the loop. At most `_CHUNKS` chunks are asked for at once.

    When a chunk fails on transport, no more vectors come, but the other chunks are asked for all the same: what they
    bring is there when the run goes on. At the end what went wrong is raised; anything else is raised at once.
    """
    asked: deque[Future[list[Vector]]] = deque()
    lost: EndpointDown | None = None
    try:
        while True:
            chunk = next(chunks, None)
            if chunk is not None:
                asked.append(asyncio.run_coroutine_threadsafe(ask(chunk), loop))
            if not asked:
                break
            if chunk is None or len(asked) == _CHUNKS:
                try:
                    vectors = asked.popleft().result()
                except EndpointDown as error:
                    lost = lost or error
                    continue
                if lost is None:
                    yield from vectors
    finally:
        for future in asked:
            future.cancel()
    if lost is not None:
        raise lost
