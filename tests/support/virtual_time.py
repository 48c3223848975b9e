"""Time that jumps: when every task waits, the clock goes to the next moment that one of them waits for."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any, TypeVar

from atk_interp.llm.limits import Clock

__all__ = ["VirtualTime"]

T = TypeVar("T")

_SETTLING_TURNS = 25
"""Turns of the event loop after which tasks that do no real waiting have all come to rest."""


class VirtualTime:
    """`clock` is what to hand to the code under test, `run` what to await it in. Begins at 1000 s."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.clock = Clock(lambda: self.now, self._sleep)
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    async def _sleep(self, seconds: float) -> None:
        self._count += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self.now + max(0.0, seconds), self._count, future))
        await future

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work, with no real time spent sleeping."""
        task = asyncio.get_running_loop().create_task(work)
        while True:
            for _ in range(_SETTLING_TURNS):
                await asyncio.sleep(0)
            if task.done():
                return await task
            assert self._sleeping, "every task waits, and none of them for time to pass"
            moment, _, future = heapq.heappop(self._sleeping)
            self.now = max(self.now, moment)
            if not future.done():
                future.set_result(None)
