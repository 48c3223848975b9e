"""A time limit for many tasks at once, with one timer for all of them."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

__all__ = ["Deadlines"]


class Deadlines:
    """`with deadlines.begin(): …` raises `TimeoutError` where the block takes longer than so many seconds.

    As `asyncio.timeout`, which sets a timer and takes it back for every block: beside a short call that is a
    noticeable part of it. Here all blocks have the same time, so the one that began first is due first. For one event
    loop; many tasks.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.running: dict[_Deadline, None] = {}
        """In the order in which they are due."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> _Deadline:
        """A limit for a block of the task that asks for it. Enter it at once."""
        return _Deadline(self)

    def close(self) -> None:
        """Forget the timer: nothing runs any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def watch(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """See to it that somebody looks when the first one is due."""
        if self._timer is None:
            self._timer = loop.call_at(due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for deadline in list(self.running):
            if deadline.due > now:
                self.watch(loop, deadline.due)
                return
            del self.running[deadline]
            deadline.end()


class _Deadline:
    """One block that must end in time."""

    __slots__ = ("_all", "_before", "_expired", "_task", "due")

    def __init__(self, all_: Deadlines) -> None:
        self._all = all_
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task: asyncio.Task[Any] = task
        self._before = task.cancelling()
        loop = task.get_loop()
        self.due = loop.time() + self._all.seconds
        self._all.running[self] = None
        self._all.watch(loop, self.due)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.running.pop(self, None)
        # Somebody else may have cancelled the task as well: then it is cancelled.
        if self._expired and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def end(self) -> None:
        self._expired = True
        self._task.cancel()
