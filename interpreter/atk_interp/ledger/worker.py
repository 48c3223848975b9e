"""A thread that serves an event loop in batches: while it works on one batch, the next one gathers."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

__all__ = ["BatchThread"]

Job = TypeVar("Job")
Answer = TypeVar("Answer")
Thing = TypeVar("Thing")

_LOOKS = 4

_Waiting = tuple[Job, "asyncio.Future[Answer] | None"]
"""A job, and who waits for its answer."""


class BatchThread(Generic[Job, Answer]):
    """Hands jobs to `work` in one thread, in order of arrival, as many at a time as wait (at most `most`).

    `work` returns one answer per job or raises; what it raises goes to every job of the batch. `submit` may be
    called from any event loop, `post` from any thread. `tick` is called in the same thread about every `tick_s`
    seconds, and must not raise. The thread does not keep a process alive.

    While jobs come several at a time, they gather for up to `gather_s` seconds, because a batch costs as much as many
    jobs.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Job]], Sequence[Answer]],
        most: int,
        *,
        tick: Callable[[], None] | None = None,
        tick_s: float | None = None,
        gather_s: float = 0.0,
    ) -> None:
        self._work = work
        self._most = most
        self._tick = tick
        self._tick_s = tick_s
        self._gather_s = gather_s
        self._crowded = False
        self._queue: queue.SimpleQueue[_Waiting[Job, Answer] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> asyncio.Future[Answer]:
        """The answer to come. Cancelling the future does not take the job back."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.put((job, future))
        return future

    def post(self, job: Job) -> None:
        """Have a job done for which nobody waits."""
        self._queue.put((job, None))

    def stop(self) -> None:
        """Serve all that was submitted, then end the thread. Blocks until it has."""
        self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        going_on = True
        ticked = time.monotonic()
        while going_on:
            batch, going_on = self._gather()
            if batch:
                self._answer(batch)
            if self._tick is not None and self._tick_s is not None and time.monotonic() - ticked >= self._tick_s:
                self._tick()
                ticked = time.monotonic()

    def _gather(self) -> tuple[list[_Waiting[Job, Answer]], bool]:
        batch: list[_Waiting[Job, Answer]] = []
        try:
            waiting = self._queue.get(timeout=self._tick_s)
        except queue.Empty:
            return batch, True
        if waiting is not None and self._gather_s and (self._crowded or not self._queue.empty()):
            self._let_gather()
        while waiting is not None:
            batch.append(waiting)
            if len(batch) == self._most:
                return batch, True
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                self._crowded = len(batch) > 1
                return batch, True
        return batch, False

    def _let_gather(self) -> None:
        """Wait while jobs come; not for those who wait for us themselves before they bring another."""
        for _ in range(_LOOKS):
            waiting = self._queue.qsize()
            time.sleep(self._gather_s / _LOOKS)
            if self._queue.qsize() == waiting:
                return

    def _answer(self, batch: list[_Waiting[Job, Answer]]) -> None:
        try:
            answers = self._work([job for job, _ in batch])
        except Exception as error:  # noqa: BLE001 - not swallowed: every waiting caller gets it
            failed = ((future, future) for _, future in batch if future is not None)
            for loop, futures in _by_loop(failed).items():
                _call(loop, _fail, futures, error)
            return
        answered = zip(batch, answers, strict=True)
        told = ((future, (future, answer)) for (_, future), answer in answered if future is not None)
        for loop, group in _by_loop(told).items():
            _call(loop, _resolve, group)


def _by_loop(futures: Iterable[tuple[asyncio.Future[Answer], Thing]]) -> dict[asyncio.AbstractEventLoop, list[Thing]]:
    """What belongs to some futures, by the loops that these are of."""
    groups: dict[asyncio.AbstractEventLoop, list[Thing]] = {}
    for future, thing in futures:
        groups.setdefault(future.get_loop(), []).append(thing)
    return groups


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        # The loop was closed while its tasks waited: nobody is left to be told.
        return


def _resolve(answered: list[tuple[asyncio.Future[Answer], Answer]]) -> None:
    for future, answer in answered:
        if not future.done():
            future.set_result(answer)


def _fail(group: list[asyncio.Future[Answer]], error: Exception) -> None:
    for future in group:
        if not future.done():
            future.set_exception(error)
