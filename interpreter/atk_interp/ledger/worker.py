"""A thread that serves an event loop in batches: while it works on one batch, the next one gathers."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from atk_interp.records import dataclass

__all__ = ["BatchThread"]

Job = TypeVar("Job")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Job, Answer]):
    job: Job
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]


class BatchThread(Generic[Job, Answer]):
    """Hands jobs to `work` in one thread, in order of arrival, as many at a time as wait (at most `most`).

    `work` returns one answer per job or raises; what it raises goes to every job of the batch. `submit` may be
    called from any event loop. The thread does not keep a process alive.
    """

    def __init__(self, name: str, work: Callable[[Sequence[Job]], Sequence[Answer]], most: int) -> None:
        self._work = work
        self._most = most
        self._queue: queue.SimpleQueue[_Waiting[Job, Answer] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> asyncio.Future[Answer]:
        """The answer to come. Cancelling the future does not take the job back."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.put(_Waiting(job, loop, future))
        return future

    def stop(self) -> None:
        """Serve all that was submitted, then end the thread. Blocks until it has."""
        self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._gather()
            if batch:
                self._answer(batch)

    def _gather(self) -> tuple[list[_Waiting[Job, Answer]], bool]:
        batch: list[_Waiting[Job, Answer]] = []
        waiting = self._queue.get()
        while waiting is not None:
            batch.append(waiting)
            if len(batch) == self._most:
                return batch, True
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _answer(self, batch: list[_Waiting[Job, Answer]]) -> None:
        try:
            answers = self._work([waiting.job for waiting in batch])
        except Exception as error:  # noqa: BLE001 - not swallowed: every waiting caller gets it
            for loop, group in _by_loop(batch).items():
                _call(loop, _fail, group, error)
            return
        answered = dict(zip(batch, answers, strict=True))
        for loop, group in _by_loop(batch).items():
            _call(loop, _resolve, [(waiting, answered[waiting]) for waiting in group])


def _by_loop(
    batch: list[_Waiting[Job, Answer]],
) -> dict[asyncio.AbstractEventLoop, list[_Waiting[Job, Answer]]]:
    groups: dict[asyncio.AbstractEventLoop, list[_Waiting[Job, Answer]]] = {}
    for waiting in batch:
        groups.setdefault(waiting.loop, []).append(waiting)
    return groups


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        # The loop was closed while its tasks waited: nobody is left to be told.
        return


def _resolve(answered: list[tuple[_Waiting[Job, Answer], Answer]]) -> None:
    for waiting, answer in answered:
        if not waiting.future.done():
            waiting.future.set_result(answer)


def _fail(group: list[_Waiting[Job, Answer]], error: Exception) -> None:
    for waiting in group:
        if not waiting.future.done():
            waiting.future.set_exception(error)
