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
import heapq
import itertools
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field

from atk_interp.kinds.base import CallStep, Dropped, SetStep, SourceStep, StepContext
from atk_interp.llm.messages import EndpointDown, EndpointUnavailable
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.barrier import Waiting
from atk_interp.runtime.books import Books
from atk_interp.runtime.budget import OutOfBudget
from atk_interp.runtime.calls import Answers, Halted
from atk_interp.runtime.feeding import Feeder
from atk_interp.runtime.goals import Accepted
from atk_interp.runtime.handover import Handover
from atk_interp.runtime.prefix import Place, Prefix
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


@dataclass
class _Emitter:
    """A source or set-wise step and the rows that come from it and are still under way.

    `live` rows have been taken from `waiting` and are not settled yet; those in `later` are among them. Touched by
    the loop alone, except for `waiting`.
    """

    step: PlannedStep
    waiting: Handover[_Item]
    after: list[_Emitter] = field(default_factory=list)
    live: int = 0
    fed: bool = False
    later: list[_Item] = field(default_factory=list)
    """Rows that failed on transport: they ask once more when all else is through."""
    round: Future[bool] | None = None
    """Who waits until the rows that it has given so far are settled, to give more of them."""
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Item:
    """A row that wants to ask a model; `again` when it failed on transport before."""

    step: PlannedStep
    row: Row
    emitter: _Emitter
    place: Place | None = None
    """The root that it belongs to, in a run that follows them."""
    again: bool = False


_Answer = tuple[_Item, "Iterable[Row] | Dropped"]


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
        self._waiting = Waiting(plan)
        self._walker = Walker(plan, books, sinks, self._waiting, self._stop)
        self._feeder = Feeder(books, self._walker, self._waiting, contexts, prefix, accepted)
        self._heap: list[tuple[tuple[int, ...], int, _Item]] = []
        self._numbers = itertools.count()
        self._answers: list[_Answer] = []
        self._active = 0
        self._behind = 0
        self._failure: BaseException | None = None
        self._lost: list[EndpointDown] = []
        self._blocked: OutOfBudget | None = None
        self._done: set[str] = set()

    async def run(self) -> None:
        """Take all rows through. Raises what stopped the run, after the calls under way have come back.

        A row whose calls fail on transport is asked again at the end; when it fails again, the others still go as
        far as they can without it, and `EndpointUnavailable` is raised.
        """
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._answered = asyncio.Event()
        self._feeder.loop = self._loop
        if self._prefix is not None:
            self._prefix.stop = self._stop_soon
        emitters = self._emitters()
        threads = ThreadPoolExecutor(max_workers=len(emitters) + 1, thread_name_prefix="atk-rows")
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._feed(emitter, threads)) for emitter in emitters]
                helpers.append(group.create_task(self._walk_answers(threads)))
                await self._dispatch(group, emitters)
                for helper in helpers:
                    helper.cancel()
        finally:
            self._stop.set()
            # Not in the loop's own thread: the last rows of the threads may still have something to tell it.
            await self._loop.run_in_executor(None, functools.partial(threads.shutdown, cancel_futures=True))
            self._waiting.close()
        if self._failure is not None:
            raise self._failure
        if self._lost:
            raise _rows_lost(self._lost)
        if self._blocked is not None:
            raise self._blocked

    def stop(self, reason: BaseException) -> None:
        """End the run: no row asks a model any more. The first reason counts. Call from the loop."""
        if self._failure is None:
            self._failure = reason
        self._stop.set()
        self._calls.halt()
        self._wake.set()

    def _stop_soon(self, reason: BaseException) -> None:
        """As `stop`, from any thread."""
        self._loop.call_soon_threadsafe(self.stop, reason)

    def _wake_soon(self) -> None:
        """From any thread: there are rows that want to ask."""
        self._loop.call_soon_threadsafe(self._wake.set)

    def _emitters(self) -> list[_Emitter]:
        emitters: dict[str, _Emitter] = {}
        for name, step in self._plan.steps.items():
            if self._emits(name):
                before = [emitters[origin] for origin in self._plan.ancestors(name) if origin in emitters]
                waiting = Handover[_Item](max(4, self._window), self._stop, self._wake_soon)
                emitters[name] = _Emitter(step, waiting, before)
        return list(emitters.values())

    def _emits(self, name: str) -> bool:
        step = self._plan.steps[name]
        return step.waits or isinstance(step.runner, SourceStep | SetStep)

    # -- tasks of the loop ----------------------------------------------------------------------------------------

    async def _feed(self, emitter: _Emitter, threads: ThreadPoolExecutor) -> None:
        for earlier in emitter.after:
            await earlier.done.wait()
        # A set with rows missing is another set: what was made of it would be paid for nothing.
        if not (emitter.after and (self._lost or self._blocked)):
            try:
                await self._loop.run_in_executor(threads, self._make_rows, emitter)
            except Halted:
                if self._calls.reason is not None:
                    self.stop(self._calls.reason)
                return
            except EndpointDown as error:  # a step that asks for all its rows at once, and has got no reply
                self._lost.append(error)
            except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
                self.stop(error)
                return
        emitter.fed = True
        self._settle(emitter)
        self._wake.set()

    async def _dispatch(self, group: asyncio.TaskGroup, emitters: list[_Emitter]) -> None:
        while True:
            while self._may_ask():
                item = self._next(emitters)
                if item is None:
                    break
                self._active += 1
                group.create_task(self._ask_on(item, emitters))
            if self._stop.is_set():
                await self._calls.drain(_DRAIN_S)
                for task in list(self._calls.carriers):  # what still goes on is no call: a function of the user's
                    task.cancel()
                return
            if all(emitter.done.is_set() for emitter in emitters):
                return
            await self._wake.wait()
            self._wake.clear()

    def _may_ask(self, own: int = 0) -> bool:
        """Whether one more row may ask, beside all (or all but `own`) that do: those that only wait count little."""
        asking = self._active - own
        return asking < self._window or asking < self._window + min(self._calls.resting, _RESTING * self._window)

    def _next(self, emitters: list[_Emitter]) -> _Item | None:
        """The deepest row that waits, if one may ask now: rows that are under way before new ones."""
        if self._behind >= 2 * self._window or self._stop.is_set():
            return None
        if self._heap:
            return heapq.heappop(self._heap)[2]
        for emitter in emitters:
            item = emitter.waiting.take()
            if item is not None:
                emitter.live += 1
                return item
        return None

    async def _ask_on(self, first: _Item, emitters: list[_Emitter]) -> None:
        """Ask for one row, then for the next, as long as one waits."""
        task = asyncio.current_task()
        assert task is not None
        self._calls.carriers.add(task)
        item: _Item | None = first
        try:
            while item is not None:
                await self._ask(item)
                item = self._next(emitters) if self._may_ask(1) else None
        finally:
            self._calls.carriers.discard(task)
            self._active -= 1
            self._wake.set()

    async def _ask(self, item: _Item) -> None:
        runner = item.step.runner
        assert isinstance(runner, CallStep)
        if item.place is not None:
            Prefix.enter(item.place)
        try:
            result = await runner.apply(item.row, self._contexts[item.step.name])
        except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
            self._failed(item, _cause(error))
        else:
            self._answers.append((item, result))
            self._behind += 1
            self._answered.set()

    def _failed(self, item: _Item, cause: BaseException) -> None:
        if isinstance(cause, Halted):
            if self._calls.reason is not None:  # the call that has it may have been cancelled by its siblings
                self.stop(self._calls.reason)
            return
        if isinstance(cause, OutOfBudget) and self._prefix is not None and item.place is not None:
            self._blocked = cause
            self._prefix.block(item.place, cause)
            item.emitter.live -= 1
            self._settle(item.emitter)
        elif not isinstance(cause, EndpointDown):
            self.stop(cause)
        elif item.again:
            self._lost.append(cause)
            item.emitter.live -= 1
            self._settle(item.emitter)
        else:
            item.emitter.later.append(item)
            self._settle(item.emitter)

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
            for item in found:
                item.emitter.live += 1
                self._push(item)
            for item, _ in batch:
                item.emitter.live -= 1
                self._settle(item.emitter)
            self._behind -= len(batch)
            self._sinks.changed()
            self._wake.set()

    def _push(self, item: _Item) -> None:
        heapq.heappush(self._heap, ((-item.step.depth, *item.row.order), next(self._numbers), item))

    def _settle(self, emitter: _Emitter) -> None:
        """Note when nothing that came from an emitter is under way any more."""
        under_way = not emitter.fed or bool(emitter.waiting) or emitter.live > len(emitter.later)
        if under_way or emitter.done.is_set():
            return
        if emitter.later:
            for item in emitter.later:
                item.again = True
                self._push(item)
            emitter.later.clear()
            self._wake.set()
            return
        if emitter.round is not None:
            emitter.fed, settled, emitter.round = False, emitter.round, None
            settled.set_result(not self._lost and not self._blocked)
            return
        emitter.done.set()
        if not self._lost and not self._blocked:
            self._mark_finished_steps(emitter)
        self._sinks.changed()

    def _end_round(self, emitter: _Emitter, settled: Future[bool]) -> None:
        """A step gives no more rows before those that it has given are settled."""
        emitter.fed, emitter.round = True, settled
        self._settle(emitter)
        self._wake.set()

    def _mark_finished_steps(self, emitter: _Emitter) -> None:
        """A step is finished when nothing that leads to it is under way."""
        self._done.add(emitter.step.name)
        for name in self._plan.steps:
            origins = {origin for origin in (*self._plan.ancestors(name), name) if self._emits(origin)}
            if origins <= self._done:
                self._books.steps[name].finished = True

    # -- in threads -----------------------------------------------------------------------------------------------

    def _make_rows(self, emitter: _Emitter) -> None:
        """Make the rows of a step that emits, and take each as far as it goes without a model."""

        def ask(asking: PlannedStep, row: Row) -> None:
            self._put(self._item(asking, row, emitter))

        self._feeder.feed(emitter.step, ask, lambda: self._settled(emitter))

    def _settled(self, emitter: _Emitter) -> bool:
        """Wait until all rows that a step has given so far are settled; False when one of them was lost."""
        settled: Future[bool] = Future()
        self._loop.call_soon_threadsafe(self._end_round, emitter, settled)
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                return settled.result(_LOOK_S)
        raise Halted

    def _item(self, step: PlannedStep, row: Row, emitter: _Emitter) -> _Item:
        """A row that wants to ask, as a part of the root that is worked on."""
        if self._prefix is None:
            return _Item(step, row, emitter)
        place = self._prefix.here()
        self._prefix.open(place)
        return _Item(step, row, emitter, place)

    def _put(self, item: _Item) -> None:
        """Hand a row to the loop; wait while it has enough to do."""
        if not item.emitter.waiting.put(item):
            raise Halted

    def _take_on(self, batch: list[_Answer]) -> list[_Item]:
        """Take answered rows to the next steps; the rows that want to ask again."""
        found: list[_Item] = []
        for item, result in batch:
            emitter = item.emitter
            if item.place is not None:
                Prefix.enter(item.place)

            def ask(step: PlannedStep, row: Row, emitter: _Emitter = emitter) -> None:
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


def _rows_lost(lost: list[EndpointDown]) -> EndpointUnavailable:
    count = "a row has got no reply" if len(lost) == 1 else f"{len(lost)} rows have got no reply"
    return EndpointUnavailable(f"{count}: {lost[0]}", lost[0].endpoint, lost[0])


def _cause(error: BaseException) -> BaseException:
    """What really went wrong, out of the groups that concurrent tasks raise: a stop before a failed transport."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [_cause(inner) for inner in error.exceptions]
    return min(causes, key=lambda cause: [isinstance(cause, kind) for kind in (Halted, EndpointDown, OutOfBudget)])
