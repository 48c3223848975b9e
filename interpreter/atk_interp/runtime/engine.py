"""The engine: rows stream depth first through the steps, and only set-wise steps wait for all rows.

Three sorts of workers share a run. A *feeder* thread per source (and per set-wise step, once its input is
complete) makes rows and takes them through the steps that need no model. The event loop keeps as many rows asking
models as the endpoints can use, the deepest rows first. A *walker* takes what they answered through the next steps
in a thread, so the loop never waits for disk, tokenising or parsing of documents.

The results do not depend on who was first: rows carry their place in canonical order, outputs are sorted by it, and
every count is a sum.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from atk_interp.kinds.base import CallStep, Dropped, PureStep, SetStep, SourceStep, StepContext
from atk_interp.plan import Plan, PlannedStep
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Calls, Halted
from atk_interp.runtime.spool import Spool
from atk_interp.values import Row, decode, encode, row_id

__all__ = ["Engine", "Sinks"]

_PUT_WAIT_S = 0.2
_DRAIN_S = 60.0
"""How long calls under way are waited for when a run stops early: what comes back is paid and kept."""


@dataclass
class Sinks:
    """Where rows end up. All three are called from several threads."""

    row: Callable[[PlannedStep, Row], None]
    """A row has left a step."""
    dropped: Callable[[PlannedStep, Dropped], None]
    """A row goes no further."""
    changed: Callable[[], None]
    """Something was counted: progress may be told."""


@dataclass
class _Emitter:
    """A source or set-wise step and the rows that come from it and are still under way."""

    step: PlannedStep
    waiting: queue.Queue[_Item]
    after: list[_Emitter] = field(default_factory=list)
    live: int = 0
    fed: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Item:
    """A row that wants to ask a model."""

    step: PlannedStep
    row: Row
    emitter: _Emitter


_Answer = tuple[_Item, "Iterable[Row] | Dropped"]


class Engine:
    """Runs one plan once. `window` is how many rows may be asking models at the same time."""

    def __init__(
        self,
        plan: Plan,
        books: Books,
        sinks: Sinks,
        contexts: Mapping[str, StepContext],
        calls: Calls,
        window: int,
    ) -> None:
        self._plan = plan
        self._books = books
        self._sinks = sinks
        self._contexts = contexts
        self._calls = calls
        self._window = window
        self._consumers = {name: _edges(plan, name) for name in plan.steps}
        self._spools = {name: Spool() for name, step in plan.steps.items() if isinstance(step.runner, SetStep)}
        self._heap: list[tuple[tuple[int, ...], int, _Item]] = []
        self._numbers = itertools.count()
        self._answers: list[_Answer] = []
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._active = 0
        self._done: set[str] = set()

    async def run(self) -> None:
        """Take all rows through. Raises what stopped the run, after the calls under way have come back."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._answered = asyncio.Event()
        emitters = self._emitters()
        threads = ThreadPoolExecutor(max_workers=len(emitters) + 1, thread_name_prefix="atk-rows")
        try:
            async with asyncio.TaskGroup() as group:
                feeders = [group.create_task(self._feed(emitter, threads)) for emitter in emitters]
                walker = group.create_task(self._walk_answers(threads, emitters))
                await self._dispatch(group, emitters)
                walker.cancel()
                for feeder in feeders:
                    feeder.cancel()
        finally:
            self._stop.set()
            threads.shutdown(wait=self._failure is None, cancel_futures=True)
            for spool in self._spools.values():
                spool.close()
        if self._failure is not None:
            raise self._failure

    def stop(self, reason: BaseException) -> None:
        """End the run: no row asks a model any more. The first reason counts. Call from the loop."""
        if self._failure is None:
            self._failure = reason
        self._stop.set()
        self._calls.halt()
        self._wake.set()

    # -- from the loop ------------------------------------------------------------------------------------------

    def _emitters(self) -> list[_Emitter]:
        emitters: dict[str, _Emitter] = {}
        for name, step in self._plan.steps.items():
            if isinstance(step.runner, SourceStep | SetStep):
                before = [emitters[origin] for origin in self._plan.ancestors(name) if origin in emitters]
                emitters[name] = _Emitter(step, queue.Queue(maxsize=max(4, self._window)), before)
        return list(emitters.values())

    async def _feed(self, emitter: _Emitter, threads: ThreadPoolExecutor) -> None:
        for earlier in emitter.after:
            await earlier.done.wait()
        try:
            await self._loop.run_in_executor(threads, self._make_rows, emitter)
        except Halted:
            return
        except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
            self.stop(error)
            return
        emitter.fed = True
        self._settle(emitter)
        self._wake.set()

    async def _dispatch(self, group: asyncio.TaskGroup, emitters: list[_Emitter]) -> None:
        while True:
            while self._active < self._window and not self._stop.is_set():
                item = self._next(emitters)
                if item is None:
                    break
                self._active += 1
                group.create_task(self._ask(item))
            if self._stop.is_set():
                await self._calls.drain(_DRAIN_S)
                return
            if all(emitter.done.is_set() for emitter in emitters):
                return
            await self._wake.wait()
            self._wake.clear()

    def _next(self, emitters: list[_Emitter]) -> _Item | None:
        """The deepest row that waits: rows that are under way before new ones."""
        if self._heap:
            return heapq.heappop(self._heap)[2]
        for emitter in emitters:
            try:
                item = emitter.waiting.get_nowait()
            except queue.Empty:
                continue
            emitter.live += 1
            return item
        return None

    async def _ask(self, item: _Item) -> None:
        runner = item.step.runner
        assert isinstance(runner, CallStep)
        try:
            result = await runner.apply(item.row, self._contexts[item.step.name])
        except Halted:
            pass
        except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
            cause = _cause(error)
            if not isinstance(cause, Halted):
                self.stop(cause)
        else:
            self._answers.append((item, result))
            self._answered.set()
        finally:
            self._active -= 1
            self._wake.set()

    async def _walk_answers(self, threads: ThreadPoolExecutor, emitters: list[_Emitter]) -> None:
        while True:
            await self._answered.wait()
            self._answered.clear()
            batch, self._answers = self._answers, []
            try:
                found = await self._loop.run_in_executor(threads, self._take_on, batch)
            except Exception as error:  # noqa: BLE001 - handed on: the run stops with it
                self.stop(error)
                return
            for item in found:
                item.emitter.live += 1
                heapq.heappush(self._heap, ((-item.step.depth, *item.row.order), next(self._numbers), item))
            for item, _ in batch:
                item.emitter.live -= 1
                self._settle(item.emitter)
            self._sinks.changed()
            self._wake.set()

    def _settle(self, emitter: _Emitter) -> None:
        """Note when nothing that came from an emitter is under way any more."""
        if emitter.fed and emitter.live == 0 and emitter.waiting.empty() and not emitter.done.is_set():
            emitter.done.set()
            self._mark_finished_steps(emitter)
            self._sinks.changed()

    def _mark_finished_steps(self, emitter: _Emitter) -> None:
        """A step is finished when nothing that leads to it is under way."""
        self._done.add(emitter.step.name)
        for name in self._plan.steps:
            origins = {origin for origin in (*self._plan.ancestors(name), name) if self._emits(origin)}
            if origins <= self._done:
                self._books.steps[name].finished = True

    def _emits(self, name: str) -> bool:
        return isinstance(self._plan.steps[name].runner, SourceStep | SetStep)

    # -- in threads ---------------------------------------------------------------------------------------------

    def _make_rows(self, emitter: _Emitter) -> None:
        """Make the rows of a source or set-wise step, and take each as far as it goes without a model."""
        step = emitter.step
        context = self._contexts[step.name]
        if isinstance(step.runner, SourceStep):
            rows = step.runner.rows(context)
            self._walk(emitter, step, rows, self._put)
            return
        assert isinstance(step.runner, SetStep)
        gathered = (_row(data) for data in self._spools[step.name].read())
        self._walk(emitter, step, step.runner.apply(gathered, context), self._put)
        self._books.settled_set(step.name, step.runner.loses)

    def _put(self, item: _Item) -> None:
        """Hand a row to the loop; wait while it has enough to do."""
        while not self._stop.is_set():
            try:
                item.emitter.waiting.put(item, timeout=_PUT_WAIT_S)
            except queue.Full:
                continue
            self._loop.call_soon_threadsafe(self._wake.set)
            return
        raise Halted

    def _take_on(self, batch: list[_Answer]) -> list[_Item]:
        """Take answered rows to the next steps; the rows that want to ask again."""
        found: list[_Item] = []
        for item, result in batch:
            if isinstance(result, Dropped):
                self._drop(item.step, result)
            else:
                self._walk(item.emitter, item.step, self._counted(item.step, item.row, result), found.append)
        return found

    def _walk(
        self, emitter: _Emitter, step: PlannedStep, rows: Iterable[Row], ask: Callable[[_Item], None]
    ) -> None:
        """Depth first: a row goes as far as it can before the next one is made."""
        stack: list[tuple[PlannedStep, Iterator[Row]]] = [(step, iter(rows))]
        while stack:
            if self._stop.is_set():
                raise Halted
            left, waiting = stack[-1]
            row = next(waiting, None)
            if row is None:
                stack.pop()
                continue
            self._books.out(left.name)
            self._sinks.row(left, row)
            for consumer, edge in reversed(self._consumers[left.name]):
                following = self._enter(emitter, consumer, _placed(row, consumer, edge), ask)
                if following is not None:
                    stack.append((consumer, following))

    def _enter(
        self, emitter: _Emitter, step: PlannedStep, row: Row, ask: Callable[[_Item], None]
    ) -> Iterator[Row] | None:
        self._books.entered(step.name)
        if step.when is not None and not step.when(step.names(row)):
            self._books.passed(step.name)
            return iter((row,))
        runner = step.runner
        if isinstance(runner, PureStep):
            result = runner.apply(row)
            if isinstance(result, Dropped):
                self._drop(step, result)
                return None
            return self._counted(step, row, result)
        if isinstance(runner, CallStep):
            ask(_Item(step, row, emitter))
        else:
            self._spools[step.name].put(row.order, encode([row.id, row.source, row.order, row.fields, row.parent]))
        return None

    def _counted(self, step: PlannedStep, row: Row, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that were made of one; none at all is a loss that must stand in the books."""
        any_came = False
        for made in rows:
            if not any_came:
                any_came = True
                self._books.passed(step.name)
            yield made
        if not any_came:
            self._drop(step, Dropped(row, "filtered", "nothing came out of it"))

    def _drop(self, step: PlannedStep, dropped: Dropped) -> None:
        self._books.dropped(step.name, dropped)
        self._sinks.dropped(step, dropped)


def _edges(plan: Plan, name: str) -> list[tuple[PlannedStep, int | None]]:
    """The steps that take a step's rows, each with the number of the edge where there are several."""
    edges: list[tuple[PlannedStep, int | None]] = []
    for step in plan.steps.values():
        for number, source in enumerate(step.inputs):
            if source == name:
                edges.append((step, number if len(step.inputs) > 1 else None))
    return edges


def _placed(row: Row, step: PlannedStep, edge: int | None) -> Row:
    """A row as it enters a step with several inputs: one input after the other, and ids that stay apart."""
    if edge is None:
        return row
    made = row.id if edge == 0 else row_id(row.id, ["from", edge])
    return Row(made, row.source, (edge, *row.order), row.fields, row.parent)


def _row(data: bytes) -> Row:
    id_, source, order, fields, parent = decode(data)  # type: ignore[misc]
    return Row(id_, source, tuple(order), fields, parent)  # type: ignore[arg-type]


def _cause(error: BaseException) -> BaseException:
    """What really went wrong, out of the groups that concurrent tasks raise."""
    while isinstance(error, BaseExceptionGroup):
        real = [inner for inner in error.exceptions if not isinstance(_cause(inner), Halted)]
        error = (real or list(error.exceptions))[0]
    return error
