"""One run of a plan, from the lock on its folder to the files in it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from atk_interp.formats.atomic import CannotWrite, DiskFull
from atk_interp.kinds.base import Dropped, StepStopped
from atk_interp.ledger import LedgerError
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.limits import Clock
from atk_interp.llm.messages import Client
from atk_interp.llm.retry import RetryPolicy
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.books import Books, OutputCount, Unbalanced
from atk_interp.runtime.calls import Calls, StepCalls
from atk_interp.runtime.endpoints import CannotRun, Endpoint, check_keys, open_endpoints, used_slots
from atk_interp.runtime.engine import Engine
from atk_interp.runtime.event_log import EventLog
from atk_interp.runtime.events import (
    CallFinished,
    Event,
    Listener,
    Noted,
    Progressed,
    RunFinished,
    RunStarted,
    StepFinished,
    StepState,
)
from atk_interp.runtime.interrupts import interruptible
from atk_interp.runtime.lock import locked
from atk_interp.runtime.outcome import Ending, Interrupted, RunResult, ending, nothing_left
from atk_interp.runtime.progress import set_progress
from atk_interp.runtime.publish import Collector, Published
from atk_interp.runtime.record import run_record, write_record
from atk_interp.runtime.room import Room, RoomPolicy
from atk_interp.runtime.spending import Spending
from atk_interp.runtime.unchanged import Finished, Origin, finished
from atk_interp.runtime.walking import Sinks

__all__ = ["RunOptions", "run_plan"]

_TELL_EVERY_S = 0.1
_STOPPING = "stopping: calls under way are waited for; press Ctrl+C again to stop at once"


@dataclass(frozen=True)
class RunOptions:
    """How to run, as far as it does not change the results."""

    output_dir: Path
    ledger: Path
    task_id: str | None = None
    listeners: Sequence[Listener] = ()
    handle_signals: bool = False
    """Ctrl+C ends the run in good order, and pressed twice the process: for a program that does nothing else."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    room: RoomPolicy = RoomPolicy()
    clock: Clock = field(default_factory=Clock)
    clients: Mapping[str, Client] = field(default_factory=dict)
    """What answers for a model slot in place of its endpoint."""
    force: bool = False
    """Run also when nothing has changed since a run that is finished."""


async def run_plan(plan: Plan, options: RunOptions) -> RunResult:
    """Run a plan. Every way to end is a result; only `CannotRun` is raised, before anything was done."""
    slots = used_slots(plan)
    check_keys(slots)
    folder = options.output_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"`{folder}` cannot be made: {(error.strerror or str(error)).lower()}") from error
    with locked(folder), contextlib.closing(_Run(plan, options)) as run:
        before = await run.unchanged()
        if before is not None:
            return run.nothing_to_do(before)
        endpoints = open_endpoints(slots, lambda line: run.emit(Noted("", line)), options.clients)
        try:
            ledger = await run.opened(options.ledger)
        except (LedgerError, OSError) as error:
            raise CannotRun(f"the ledger cannot be used: {error}", getattr(error, "help", "")) from error
        try:
            return await run.result(endpoints, ledger)
        finally:
            for client in {id(endpoint.client): endpoint.client for endpoint in endpoints.values()}.values():
                await client.aclose()
            await ledger.close()


class _Run:
    """Binds the parts of one run together: what happens in them becomes events, progress and files."""

    def __init__(self, plan: Plan, options: RunOptions) -> None:
        self.plan = plan
        self.options = options
        self.loop = asyncio.get_running_loop()
        self.books = Books(plan)
        self.spending = Spending(plan, options.output_dir)
        self.collector = Collector(plan)
        self.log = EventLog(options.output_dir / "events.jsonl")
        self.room = Room(self.emit, options.room, options.clock)
        self.started = time.monotonic()
        self.begun = datetime.datetime.now(datetime.UTC)
        self.fraction = 0.0
        self.told = 0.0
        self.finished: set[str] = set()
        self.origin: Origin | None = None

    def close(self) -> None:
        self.collector.close()
        self.log.close()

    async def unchanged(self) -> Finished | None:
        """A finished run in the folder, if there is one that nothing has changed since. Notes what this one is of."""
        if self.options.clients:  # programs of the caller: what they would answer is not known
            return None
        if not self.options.force:
            where = (self.options.output_dir, self.plan, self.options.ledger)
            before = await asyncio.to_thread(finished, *where)
            if before is not None:
                return before
        # As the inputs are before they are read: what changes meanwhile must not pass for what was read.
        self.origin = await asyncio.to_thread(Origin.of, self.plan, self.options.ledger)
        return None

    def nothing_to_do(self, before: Finished) -> RunResult:
        """The result of a run that has nothing to do."""
        folder, task = self.options.output_dir, self.options.task_id
        set_progress.begin(task)
        self._deliver(RunStarted(self.plan.spec.name, str(folder), list(self.plan.steps)))
        told = f"nothing has changed since the run of {before.started}: its outputs stand as they are"
        self._deliver(Noted("", told, help="`--force` runs it again, from the ledger"))
        self._deliver(Progressed(1.0, before.steps))
        seconds = time.monotonic() - self.started
        self._deliver(RunFinished("done", "", round(seconds, 3)))
        set_progress(task, 1.0, "done")
        return RunResult(
            "done", "", "", folder, before.outputs, before.steps, seconds, None, before.rejected, unchanged=True
        )

    async def opened(self, path: Path) -> SqliteLedger:
        """The ledger, which writes down what this run uses. Raises `LedgerError`."""

        async def open_it() -> SqliteLedger:
            return SqliteLedger(path)

        ledger = await self.room.insist(open_it)
        ledger.record(self.options.output_dir, self.plan.spec.name)
        return ledger

    async def result(self, endpoints: Mapping[str, Endpoint], ledger: SqliteLedger) -> RunResult:
        set_progress.begin(self.options.task_id)
        self.emit(RunStarted(self.plan.spec.name, str(self.options.output_dir), list(self.plan.steps)))
        if self.log.refusal:
            told = f"`events.jsonl` cannot be written ({self.log.refusal}): this run leaves no record of its events"
            self.emit(Noted("", told, serious=True))
        self.tell(force=True)
        calls = Calls(endpoints, ledger, self.books, self.emit, self.options.policy, self.options.clock, self.room)
        error = await self._run(calls, endpoints)
        return await self._end(error, calls, ledger)

    async def _run(self, calls: Calls, endpoints: Mapping[str, Endpoint]) -> BaseException | None:
        contexts = {name: StepCalls(step, calls, self.emit, self._refused) for name, step in self.plan.steps.items()}
        sinks = Sinks(self.collector.row, self._dropped, self.tell)
        places = sum(endpoint.config.concurrency for endpoint in endpoints.values())
        engine = Engine(self.plan, self.books, sinks, contexts, calls, window=max(8, 2 * places))
        ticker = asyncio.create_task(self._tick())
        try:
            with self._interruptible(engine):
                await engine.run()
        except Exception as error:  # noqa: BLE001 - told in the result, with the exit code that belongs to it
            return error
        finally:
            await calls.drain(0)
            ticker.cancel()
            await asyncio.wait([ticker])
        return self._check()

    def _check(self) -> BaseException | None:
        """What is wrong with a run that came to its end."""
        outputs = self.collector.counts()
        wrong = self.books.mismatches(outputs)
        if wrong:
            return Unbalanced("; ".join(wrong))
        empty = nothing_left(self.plan, self.books.states())
        if empty and not any(count.records for count in outputs.values()):
            return empty[0]
        for stopped in empty:
            self.emit(Noted("", str(stopped), help=stopped.help, serious=True))
        return self._nothing_written(outputs)

    def _nothing_written(self, outputs: Mapping[str, OutputCount]) -> BaseException | None:
        for name, count in outputs.items():
            source = self.plan.outputs[name].source
            if count.records:
                continue
            if count.unwritable:
                return StepStopped(
                    f"none of the {count.unwritable} rows of step `{source}` could be written to `{name}`",
                    help="read `rejected.jsonl` for the reasons",
                )
            if count.left_out:  # else no row came this far, which has been told of the step that let none through
                self.emit(Noted("", f"output `{name}` has no rows: its `where` left all of them out", serious=True))
        return None

    async def _end(self, error: BaseException | None, calls: Calls, ledger: SqliteLedger) -> RunResult:
        """Write the files, then tell the end. A disk that refuses them is an end of its own."""
        self.tell(force=True)
        how = ending(error)
        published: list[Published] = []
        try:
            published = await self._publish(complete=error is None)
        except (CannotWrite, Unbalanced) as refusal:
            how = how if error is not None else ending(refusal)
        result = self._result(how, published)
        try:
            await self._write_record(result, calls)
        except CannotWrite as refusal:
            if how.error is None:
                result = self._result(ending(refusal), published)
        await self._finish(ledger, result.status)
        self.emit(Progressed(1.0 if result.status == "done" else self.fraction, result.steps))
        self.emit(RunFinished(result.status, result.message, round(result.seconds, 3)))
        if result.status == "done":
            set_progress(self.options.task_id, 1.0, "done")
        return result

    async def _publish(self, complete: bool) -> list[Published]:
        """Write the outputs. On a full disk those of a run that came to its end are worth waiting for."""

        async def publish() -> list[Published]:
            return self.collector.publish(self.options.output_dir, complete)

        return await self.room.insist(publish, lambda: complete, DiskFull)

    async def _write_record(self, result: RunResult, calls: Calls) -> None:
        async def write() -> None:
            record = run_record(self.plan, result, self.begun, calls.models, self.origin)
            write_record(self.options.output_dir, record)

        await self.room.insist(write, lambda: result.status == "done", DiskFull)

    async def _finish(self, ledger: SqliteLedger, status: str) -> None:
        try:
            await ledger.finish(status)
        except LedgerError as refusal:
            told = f"what this run has used of the ledger is not written down: {refusal}"
            self.emit(Noted("", told, help="`ledger export --run` may miss some of it"))

    def _result(self, how: Ending, published: list[Published]) -> RunResult:
        seconds = time.monotonic() - self.started
        folder, states = self.options.output_dir, self.books.states()
        return RunResult(
            how.status,
            how.message,
            how.help,
            folder,
            published,
            states,
            seconds,
            how.error,
            self.collector.rejected,
            spending=self.spending,
        )

    # -- what happens ---------------------------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        """Tell an event; from any thread."""
        try:
            running = asyncio.get_running_loop() is self.loop
        except RuntimeError:
            running = False
        if running:
            self._deliver(event)
        else:
            self.loop.call_soon_threadsafe(self._deliver, event)

    def _deliver(self, event: Event) -> None:
        if isinstance(event, CallFinished):
            self.spending.add(event)
        elif not isinstance(event, Progressed):
            self.log.write(event)
        for listener in self.options.listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a broken display must not cost a run
                continue

    def _dropped(self, step: PlannedStep, dropped: Dropped) -> None:
        self.emit(self.collector.dropped(step, dropped))

    def _refused(self, step: PlannedStep, dropped: Dropped) -> None:
        self.books.refused(step.name)
        self.emit(self.collector.dropped(step, dropped))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self.tell()
            self.log.flush()

    def tell(self, force: bool = False) -> None:
        """Tell how far the run is, at most ten times a second. From the loop."""
        now = time.monotonic()
        if not force and now - self.told < _TELL_EVERY_S:
            return
        self.told = now
        self.fraction = max(self.fraction, min(0.999, self.books.fraction()))
        states = self.books.states()
        self._deliver(Progressed(self.fraction, states))
        for state in states:
            if state.finished and state.name not in self.finished:
                self.finished.add(state.name)
                self._deliver(StepFinished(state))
                set_progress(self.options.task_id, self.fraction, f"step {state.name} is done")
        set_progress(self.options.task_id, self.fraction, _doing(states))

    def _interruptible(self, engine: Engine) -> contextlib.AbstractContextManager[None]:
        if not self.options.handle_signals:
            return contextlib.nullcontext()

        def stop() -> None:
            self.emit(Noted("", _STOPPING))
            engine.stop(Interrupted())

        return interruptible(stop)


def _doing(states: list[StepState]) -> str:
    busy = [state for state in states if not state.finished and state.rows_in]
    return (
        f"step {busy[0].name}: {busy[0].passed} of {busy[0].rows_in} row{'s' if busy[0].rows_in != 1 else ''}"
        if busy
        else "working"
    )
