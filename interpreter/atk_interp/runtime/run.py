"""One run of a plan, from the lock on its folder to the files in it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib.metadata
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from atk_interp.formats.atomic import CannotWrite
from atk_interp.kinds.base import Dropped
from atk_interp.ledger import LedgerError
from atk_interp.ledger.grants import Grants, granted_in
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.plan import Plan, PlannedStep
from atk_interp.runtime.books import Books, Unbalanced
from atk_interp.runtime.budget import Meter, check_prices
from atk_interp.runtime.calls import Calls
from atk_interp.runtime.checks import CheckResult
from atk_interp.runtime.endpoints import CannotRun, Endpoint, check_keys, open_endpoints, used_slots
from atk_interp.runtime.engine import Engine
from atk_interp.runtime.event_log import EventLog
from atk_interp.runtime.events import Noted, OutputWritten, Progressed, RunFinished, RunStarted
from atk_interp.runtime.files import Files, check_places
from atk_interp.runtime.forms import KnownForms
from atk_interp.runtime.granted import Granted, clients_of_others, granted_slots
from atk_interp.runtime.health import Health
from atk_interp.runtime.interrupts import interruptible
from atk_interp.runtime.keeping import Keeping
from atk_interp.runtime.kept import Kept
from atk_interp.runtime.lock import locked
from atk_interp.runtime.making import made_by
from atk_interp.runtime.options import RunOptions
from atk_interp.runtime.outcome import Ending, Interrupted, RunResult, ending
from atk_interp.runtime.prefix import Prefix
from atk_interp.runtime.progress import set_progress
from atk_interp.runtime.publish import Collector, Published
from atk_interp.runtime.record import run_record
from atk_interp.runtime.room import Room
from atk_interp.runtime.spending import Spending
from atk_interp.runtime.step_calls import StepCalls
from atk_interp.runtime.telemetry import telemetry
from atk_interp.runtime.telling import Teller
from atk_interp.runtime.unchanged import Finished, Origin, finished
from atk_interp.runtime.verdict import verdict
from atk_interp.runtime.walking import Sinks
from atk_interp.values import Row

__all__ = ["RunOptions", "run_plan"]

_STOPPING = "stopping: calls under way are waited for; press Ctrl+C again to stop at once"


async def run_plan(plan: Plan, options: RunOptions) -> RunResult:
    """Run a plan. Every way to end is a result; only `CannotRun` is raised, before anything was done."""
    slots = used_slots(plan)
    check_keys(slots)
    check_prices(options.budget, slots)
    grants = await _grants_of(options.ledger)
    folder = options.output_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"`{folder}` cannot be made: {(error.strerror or str(error)).lower()}") from error
    with locked(folder), contextlib.closing(_Run(plan, options, grants)) as run:
        before = await run.unchanged()
        if before is not None:
            return run.nothing_to_do(before)
        await asyncio.to_thread(check_places, plan, folder)
        clients = {**options.clients, **clients_of_others(run.others, options.clients)}
        slots |= {name: other.config for name, other in run.others.items()}
        endpoints = open_endpoints(
            slots, lambda line: run.emit(Noted("", line)), clients, options.policy, options.clock
        )
        try:
            ledger = await run.opened(options.ledger)
        except (LedgerError, OSError) as error:
            raise CannotRun(f"the ledger cannot be used: {error}", getattr(error, "help", "")) from error
        try:
            return await run.result(endpoints, ledger)
        finally:
            for pool in {id(endpoint.pool): endpoint.pool for endpoint in endpoints.values()}.values():
                await pool.aclose()
            await ledger.close()


async def _grants_of(ledger: Path) -> Grants:
    """What is granted at this moment: what comes later is for the next run. Raises `CannotRun`."""
    try:
        return await asyncio.to_thread(granted_in, ledger)
    except LedgerError as error:
        raise CannotRun(f"the ledger cannot be used: {error}", error.help) from error


class _Run:
    """Binds the parts of one run together: what happens in them becomes events, progress and files."""

    def __init__(self, plan: Plan, options: RunOptions, grants: Grants) -> None:
        self.plan = plan
        self.options = options
        self.grants = grants
        self.books = Books(plan)
        self.others = granted_slots(plan, grants)
        others = {name: other.config for name, other in self.others.items()}
        asking = replace(plan, endpoints={**plan.endpoints, **others}) if others else plan
        self.spending = Spending(asking, options.output_dir)
        self.prefix = Prefix.of(plan, everything=options.budget is not None)
        prices = {slot: config.price for slot, config in asking.endpoints.items()}
        self.meter = Meter(prices, options.budget)
        self.collector = Collector(plan, self.prefix)
        self.log = EventLog(options.output_dir / "events.jsonl")
        self.version = importlib.metadata.version("atk-interp")
        watching = telemetry(asking, self.version)
        self.kept = Kept(plan, options.ledger)
        listeners = [self.kept.listen, *options.listeners, *([watching] if watching is not None else [])]
        self.teller = Teller(self.books, self.spending, self.log, listeners, options.task_id)
        self.emit = self.teller.emit
        taken = None if options.clients else grants  # what programs of the caller would answer is not known
        self.keeping = Keeping(self.kept, plan, self.books, self.collector, self.spending, self.emit, taken)
        self.room = Room(self.emit, options.room, options.clock)
        self.files = Files(options.output_dir, self.collector, self.room, self.emit)
        self.started = time.monotonic()
        self.begun = datetime.datetime.now(datetime.UTC)
        self.origin: Origin | None = None
        self.checks: list[CheckResult] = []

    def close(self) -> None:
        self.kept.close()
        self.collector.close()
        self.log.close()

    async def unchanged(self) -> Finished | None:
        """A finished run in the folder, if there is one that nothing has changed since. Notes what this one is of."""
        if self.options.clients:  # programs of the caller: what they would answer is not known
            return None
        if not self.options.force:
            where = (self.options.output_dir, self.plan, self.options.ledger)
            before = await asyncio.to_thread(finished, *where, self.grants.fingerprint())
            if before is not None:
                return before
        # As the inputs are before they are read: what changes meanwhile must not pass for what was read.
        self.origin = await asyncio.to_thread(Origin.of, self.plan, self.options.ledger, self.grants.fingerprint())
        return None

    def nothing_to_do(self, before: Finished) -> RunResult:
        """The result of a run that has nothing to do."""
        folder, task = self.options.output_dir, self.options.task_id
        set_progress.begin(task)
        self.teller.deliver(self._begins())
        told = f"nothing has changed since the run of {before.started}: its outputs stand as they are"
        self.teller.deliver(Noted("", told, help="`--force` runs it again, from the ledger"))
        self.teller.deliver(Progressed(1.0, before.steps))
        seconds = time.monotonic() - self.started
        self.teller.deliver(RunFinished("done", "", round(seconds, 3)))
        set_progress(task, 1.0, "done")
        made = (before.outputs, before.steps, seconds, None, before.rejected)
        return RunResult("done", "", "", folder, *made, unchanged=True, part=self.plan.extent.told)

    def _begins(self) -> RunStarted:
        return RunStarted(self.plan.spec.name, str(self.options.output_dir), list(self.plan.steps), self.version)

    async def opened(self, path: Path) -> SqliteLedger:
        """The ledger, which writes down what this run uses. Raises `LedgerError`."""

        async def open_it() -> SqliteLedger:
            return SqliteLedger(path)

        ledger = await self.room.insist(open_it)
        folder, name = self.options.output_dir, self.plan.spec.name
        self.spending.go_on(await asyncio.to_thread(ledger.paid_before, folder, name))
        self.meter.before, self.spending.metered = self.spending.before, lambda: self.meter.paid
        ledger.record(folder, name, self.meter.told)
        return ledger

    async def result(self, endpoints: Mapping[str, Endpoint], ledger: SqliteLedger) -> RunResult:
        set_progress.begin(self.options.task_id)
        self.emit(self._begins())
        if self.log.refusal:
            told = f"`events.jsonl` cannot be written ({self.log.refusal}): this run leaves no record of its events"
            self.emit(Noted("", told, serious=True))
        self.teller.health = Health(endpoints)
        self.teller.tell(force=True)
        forms, policy, clock = KnownForms(self.options.ledger), self.options.policy, self.options.clock
        calls = Calls(endpoints, ledger, self.books, self.emit, policy, clock, self.room, forms)
        granted = Granted(self.grants, endpoints, ledger.uses)
        for slot, model in await self.keeping.take_on(ledger, must_run=self.options.force or self.prefix is not None):
            calls.models.setdefault(slot, set()).add(model)
        calls.sender.meter = self.meter
        error = await self._run(calls, endpoints, granted)
        return await self._end(error, calls, ledger)

    async def _run(self, calls: Calls, endpoints: Mapping[str, Endpoint], granted: Granted) -> BaseException | None:
        contexts = {
            name: StepCalls(step, calls, self.emit, self._refused, granted, self.collector)
            for name, step in self.plan.steps.items()
        }
        sinks = Sinks(self._row, self._dropped, self.teller.tell)
        addresses = {address for endpoint in endpoints.values() for address in endpoint.pool.addresses}
        places = sum(address.limiter.governor.most for address in addresses)
        engine = Engine(self.kept.plan, self.books, sinks, contexts, calls, max(8, 2 * places), self.prefix)
        ticker = asyncio.create_task(self.teller.tick())
        try:
            with self._interruptible(engine):
                await engine.run()
        except Exception as error:  # noqa: BLE001 - told in the result, with the exit code that belongs to it
            return error
        finally:
            await calls.drain(0)
            ticker.cancel()
            await asyncio.wait([ticker])
        wrong, self.checks = verdict(self.plan, self.books, self.collector.counts(), self.spending, self.emit)
        return wrong

    async def _end(self, error: BaseException | None, calls: Calls, ledger: SqliteLedger) -> RunResult:
        """Write the files, then tell the end. A disk that refuses them is an end of its own."""
        self.teller.tell(force=True)
        how = ending(error, self.teller.repeated.failures(error))
        published: list[Published] = []
        try:
            published = await self.files.publish(error is None, self.books.states())
        except (CannotWrite, Unbalanced) as refusal:
            how = how if error is not None else ending(refusal)
        result = self._result(how, published)
        try:
            await self.files.write_record(self.plan, self._record(result, calls), must=result.status == "done")
        except CannotWrite as refusal:
            if how.error is None:
                result = self._result(ending(refusal), published)
        await self._finish(ledger, result.status)
        if error is None or self.prefix is None:  # a run that a rule has stopped has gone beyond what it says
            await self.keeping.keep(ledger)
        for output in published:
            self.emit(OutputWritten(output.name, output.path.name, output.rows, output.complete))
        self.emit(self.teller.progressed(1.0 if result.status == "done" else self.teller.fraction, result.steps))
        causes = self.teller.repeated.causes()
        self.emit(RunFinished(result.status, result.message, round(result.seconds, 3), causes))
        if result.status == "done":
            set_progress(self.options.task_id, 1.0, "done")
        return result

    def _record(self, result: RunResult, calls: Calls) -> dict[str, Any]:
        made = made_by(self.plan, self.options.called, self.options.output_dir, self.options.ledger)
        record = run_record(self.plan, result, self.begun, calls.models, self.origin, made)
        return {**record, "kept": [name for name in self.plan.steps if name in self.kept.choice.steps]}

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
            part=self.plan.extent.told,
            spending=self.spending,
            checks=self.checks,
            causes=self.teller.repeated.causes(),
        )

    def _row(self, step: PlannedStep, row: Row) -> None:
        self.collector.row(step, row)
        self.kept.row(step, row)

    def _dropped(self, step: PlannedStep, dropped: Dropped) -> None:
        self.emit(self.collector.dropped(step, dropped))

    def _refused(self, step: PlannedStep, dropped: Dropped) -> None:
        self.books.refused(step.name)
        if dropped.kept and self.prefix is not None:
            self.prefix.dropped(step.name, dropped)
        self.emit(self.collector.dropped(step, dropped))

    def _interruptible(self, engine: Engine) -> contextlib.AbstractContextManager[None]:
        if not self.options.handle_signals:
            return contextlib.nullcontext()

        def stop() -> None:
            self.emit(Noted("", _STOPPING))
            engine.stop(Interrupted())

        return interruptible(stop)
