"""The engine: rows stream depth first through the steps, and only set-wise steps wait for all rows.

Three sorts of workers share a run. A *feeder* thread per source (and per set-wise step, once its input is
complete) makes rows and takes them through the steps that need no model. The event loop keeps as many rows asking
models as the endpoints can use, the deepest rows first. A *walker* thread takes what they answered through the
next steps, so the loop never waits for disk, tokenising or parsing of documents.

The results do not depend on who was first: rows carry their place in canonical order, outputs are sorted by it, and
every count is a sum.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

from atk_interp.foreign import Interruption
from atk_interp.kinds.base import CallStep, Dropped, StepContext
from atk_interp.llm.messages import EndpointDown
from atk_interp.plan import Plan, PlannedStep
from atk_interp.runtime.barrier import Waiting
from atk_interp.runtime.books import Books
from atk_interp.runtime.budget import OutOfBudget
from atk_interp.runtime.calls import Halted
from atk_interp.runtime.feeding import Feeder
from atk_interp.runtime.goals import Accepted
from atk_interp.runtime.prefix import Prefix
from atk_interp.runtime.setbacks import Setbacks, cause_of
from atk_interp.runtime.step_calls import Answers
from atk_interp.runtime.under_way import Emitter, Item, UnderWay, emits
from atk_interp.runtime.walking import Sinks, Walker
from atk_interp.values import Row

__all__ = ["Engine"]

_LOOK_S = 0.2
"""How often a thread that waits looks whether it should stop."""
_GATHER_S = 0.005
"""How long answers gather before they are taken on, while more of them are to come: each time that one thread hands
over to another costs as much as a good part of a call."""

_RESTING = 4
"""So many times the window of rows may wait for a failed call to be tried again, beside those that ask."""

_DRAIN_S = 60.0
"""How long calls under way are waited for when a run stops early: what comes back is paid and kept."""


_Answer = tuple[Item, "Iterable[Row] | Dropped"]


class Engine:
    """Runs one plan once. `window` is how many rows may be asking models at the same time.

    `prefix` is there when something is decided in canonical order.
    """

    def __init__(
        self,
        plan: Plan,
        books: Books,
        sinks: Sinks,
        contexts: Mapping[str, StepContext],
        calls: Answers,
        window: int,
        prefix: Prefix | None = None,
    ) -> None:
        self._plan = plan
        self._books = books
        self._prefix = prefix
        self._sinks = sinks = sinks if prefix is None else _telling(sinks, prefix)
        accepted = Accepted(plan) if any(step.goal is not None for step in plan.steps.values()) else None
        self._sinks = sinks = sinks if accepted is None else _counting(sinks, accepted)
        self._contexts = contexts
        self._calls = calls
        self._window = window
        self._stop = threading.Event()
        self._interruption = Interruption()
        self._waiting = Waiting(plan)
        self._walker = Walker(plan, books, sinks, self._waiting, self._stop)
        self._feeder = Feeder(books, self._walker, self._waiting, contexts, prefix, accepted)
        self._answers: list[_Answer] = []
        self._active = 0
        self._behind = 0
        self._setbacks = Setbacks()
        self._done: set[str] = set()

    async def run(self) -> None:
        """Take all rows through. Raises what stopped the run, after the calls under way have come back.

        A row whose calls fail on transport is asked again at the end; when it fails again, the others still go as
        far as they can without it, and `EndpointUnavailable` is raised.
        """
        with self._interruption.entered():
            await self._run()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._answered = asyncio.Event()
        self._feeder.loop = self._loop
        if self._prefix is not None:
            self._prefix.stop = self._stop_soon
        self._rows = UnderWay(
            self._plan,
            max(4, self._window),
            self._stop,
            self._wake.set,
            self._wake_soon,
            self._is_through,
            lambda: self._setbacks.none_missing,
        )
        threads = ThreadPoolExecutor(max_workers=len(self._rows.emitters) + 1, thread_name_prefix="atk-rows")
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._feed(emitter, threads)) for emitter in self._rows.emitters]
                helpers.append(group.create_task(self._walk_answers(threads)))
                await self._dispatch(group)
                for helper in helpers:
                    helper.cancel()
        finally:
            self._stop.set()
            # Not in the loop's own thread: the last rows of the threads may still have something to tell it.
            await self._loop.run_in_executor(None, functools.partial(threads.shutdown, cancel_futures=True))
            self._waiting.close()
        self._setbacks.raise_any()

    def stop(self, reason: BaseException) -> None:
        """End the run: no row asks a model any more. The first reason counts. Call from the loop."""
        if self._setbacks.reason is None:
            self._setbacks.reason = reason
        self._stop.set()
        self._interruption.stop()
        self._calls.halt()
        self._wake.set()

    def _stop_soon(self, reason: BaseException) -> None:
        """As `stop`, from any thread."""
        self._loop.call_soon_threadsafe(self.stop, reason)

    def _wake_soon(self) -> None:
        """From any thread: there are rows that want to ask."""
        self._loop.call_soon_threadsafe(self._wake.set)

    # -- tasks of the loop ----------------------------------------------------------------------------------------

    async def _feed(self, emitter: Emitter, threads: ThreadPoolExecutor) -> None:
        for earlier in emitter.after:
            await earlier.done.wait()
        # A set with rows missing is another set: what was made of it would be paid for nothing.
        if not emitter.after or self._setbacks.none_missing:
            try:
                await self._loop.run_in_executor(threads, copy_context().run, self._make_rows, emitter)
            except Halted:
                if self._calls.reason is not None:
                    self.stop(self._calls.reason)
                return
            except EndpointDown as error:  # a step that asks for all its rows at once, and has got no reply
                self._setbacks.lost.append(error)
            except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
                self.stop(error)
                return
        self._rows.fed(emitter)

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        while True:
            while self._may_ask():
                item = self._next()
                if item is None:
                    break
                self._active += 1
                group.create_task(self._ask_on(item))
            if self._stop.is_set():
                await self._calls.drain(_DRAIN_S)
                for task in list(self._calls.carriers):  # what still goes on is no call: a function of the user's
                    task.cancel()
                return
            if self._rows.is_through:
                return
            await self._wake.wait()
            self._wake.clear()

    def _may_ask(self, own: int = 0) -> bool:
        """Whether one more row may ask, beside all (or all but `own`) that do: those that only wait count little."""
        asking = self._active - own
        return asking < self._window or asking < self._window + min(self._calls.resting, _RESTING * self._window)

    def _next(self) -> Item | None:
        """The row that asks next, if one may ask now."""
        if self._behind >= 2 * self._window or self._stop.is_set():
            return None
        return self._rows.next()

    async def _ask_on(self, first: Item) -> None:
        """Ask for one row, then for the next, as long as one waits."""
        task = asyncio.current_task()
        assert task is not None
        self._calls.carriers.add(task)
        item: Item | None = first
        try:
            while item is not None:
                await self._ask(item)
                item = self._next() if self._may_ask(1) else None
        finally:
            self._calls.carriers.discard(task)
            self._active -= 1
            self._wake.set()

    async def _ask(self, item: Item) -> None:
        runner = item.step.runner
        assert isinstance(runner, CallStep)
        if item.place is not None:
            Prefix.enter(item.place)
        try:
            result = await runner.apply(item.row, self._contexts[item.step.name])
        except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
            self._failed(item, cause_of(error))
        else:
            self._answers.append((item, result))
            self._behind += 1
            self._answered.set()

    def _failed(self, item: Item, cause: BaseException) -> None:
        if isinstance(cause, Halted):
            if self._calls.reason is not None:  # the call that has it may have been cancelled by its siblings
                self.stop(self._calls.reason)
            return
        if isinstance(cause, OutOfBudget) and self._prefix is not None and item.place is not None:
            self._setbacks.blocked = cause
            self._prefix.block(item.place, cause)
            self._rows.lost(item)
        elif not isinstance(cause, EndpointDown):
            self.stop(cause)
        elif item.again:
            self._setbacks.lost.append(cause)
            self._rows.lost(item)
        else:
            self._rows.again(item)

    async def _walk_answers(self, threads: ThreadPoolExecutor) -> None:
        while True:
            await self._answered.wait()
            if self._active > len(self._answers):
                await asyncio.sleep(_GATHER_S)
            self._answered.clear()
            batch, self._answers = self._answers, []
            try:
                found = await self._loop.run_in_executor(threads, self._take_on, batch)
            except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
                self.stop(error)
                return
            self._rows.answered([item for item, _ in batch], found)
            self._behind -= len(batch)
            self._sinks.changed()
            self._wake.set()

    def _is_through(self, emitter: Emitter) -> None:
        if self._setbacks.none_missing:
            self._mark_finished_steps(emitter)
        self._sinks.changed()

    def _mark_finished_steps(self, emitter: Emitter) -> None:
        """A step is finished when nothing that leads to it is under way."""
        self._done.add(emitter.step.name)
        for name in self._plan.steps:
            origins = {origin for origin in (*self._plan.ancestors(name), name) if emits(self._plan, origin)}
            if origins <= self._done:
                self._books.steps[name].finished = True

    # -- in threads -----------------------------------------------------------------------------------------------

    def _make_rows(self, emitter: Emitter) -> None:
        """Make the rows of a step that emits, and take each as far as it goes without a model."""

        def ask(asking: PlannedStep, row: Row) -> None:
            self._put(self._item(asking, row, emitter))

        self._feeder.feed(emitter.step, ask, lambda: self._settled(emitter))

    def _settled(self, emitter: Emitter) -> bool:
        """Wait until all rows that a step has given so far are settled; False when one of them was lost."""
        settled: Future[bool] = Future()
        self._loop.call_soon_threadsafe(self._rows.end_round, emitter, settled)
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                return settled.result(_LOOK_S)
        raise Halted

    def _item(self, step: PlannedStep, row: Row, emitter: Emitter) -> Item:
        """A row that wants to ask, as a part of the root that is worked on."""
        if self._prefix is None:
            return Item(step, row, emitter)
        place = self._prefix.here()
        self._prefix.open(place)
        return Item(step, row, emitter, place)

    def _put(self, item: Item) -> None:
        """Hand a row to the loop; wait while it has enough to do."""
        if not item.emitter.waiting.put(item):
            raise Halted

    def _take_on(self, batch: list[_Answer]) -> list[Item]:
        """Take answered rows to the next steps; the rows that want to ask again."""
        found: list[Item] = []
        for item, result in batch:
            emitter = item.emitter
            if item.place is not None:
                Prefix.enter(item.place)

            def ask(step: PlannedStep, row: Row, emitter: Emitter = emitter) -> None:
                found.append(self._item(step, row, emitter))

            self._walker.answered(item.step, item.row, result, ask)
            if self._prefix is not None and item.place is not None:
                if not isinstance(result, Dropped) and result != []:
                    self._prefix.passed(item.step.name, item.row.order)
                self._prefix.close(item.place)
        return found


def _counting(sinks: Sinks, accepted: Accepted) -> Sinks:
    """The sinks, with the rows counted that sources want."""

    def row(step: PlannedStep, left: Row) -> None:
        sinks.row(step, left)
        accepted.row(step, left)

    return Sinks(row, sinks.dropped, sinks.changed)


def _telling(sinks: Sinks, prefix: Prefix) -> Sinks:
    """The sinks, with the prefix told of the rows that are lost."""

    def dropped(step: PlannedStep, lost: Dropped) -> None:
        sinks.dropped(step, lost)
        prefix.dropped(step.name, lost)

    return Sinks(sinks.row, dropped, sinks.changed)
