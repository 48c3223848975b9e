"""One run of a plan, from the lock on its folder to the files in it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib.metadata
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atk_interp.formats.atomic import CannotWrite
from atk_interp.kinds.base import Dropped, StepStopped
from atk_interp.ledger import LedgerError
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.limits import Clock
from atk_interp.llm.messages import EndpointDown, EndpointRefused, EndpointUnavailable
from atk_interp.llm.retry import RetryPolicy
from atk_interp.plan import Plan, PlannedStep
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Calls, StepCalls
from atk_interp.runtime.endpoints import CannotRun, Endpoint, check_keys, open_endpoints, used_slots
from atk_interp.runtime.engine import Engine, Sinks
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
    as_json,
)
from atk_interp.runtime.lock import locked
from atk_interp.runtime.progress import set_progress
from atk_interp.runtime.publish import Collector, Published, write_record
from atk_interp.values import encode

__all__ = ["EXIT_CODES", "Interrupted", "RunOptions", "RunResult", "run_plan"]

EXIT_CODES = {"done": 0, "stopped": 1, "impossible": 2, "failed": 3, "unavailable": 4, "interrupted": 130}
"""The exit code of each way in which a run can end."""

_TELL_EVERY_S = 0.1


class Interrupted(Exception):  # noqa: N818 - the user's wish, not an error
    """The user asked for the run to end."""


@dataclass(frozen=True)
class RunOptions:
    """How to run, as far as it does not change the results."""

    output_dir: Path
    ledger: Path
    task_id: str | None = None
    listeners: Sequence[Listener] = ()
    handle_signals: bool = False
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True)
class RunResult:
    """How a run ended, and what it left. `status` is a key of `EXIT_CODES`; `message` is empty when it is `done`."""

    status: str
    message: str
    help: str
    output_dir: Path
    outputs: list[Published]
    steps: list[StepState]
    seconds: float
    error: BaseException | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.status]


async def run_plan(plan: Plan, options: RunOptions) -> RunResult:
    """Run a plan. Every way to end is a result; only `CannotRun` is raised, before anything was done."""
    slots = used_slots(plan)
    check_keys(slots)
    folder = options.output_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"`{folder}` cannot be made: {(error.strerror or str(error)).lower()}") from error
    with locked(folder):
        try:
            ledger = SqliteLedger(options.ledger)
        except (LedgerError, OSError) as error:
            raise CannotRun(f"the ledger cannot be used: {error}", getattr(error, "help", "")) from error
        run = _Run(plan, options, ledger)
        try:
            return await run.result(slots)
        finally:
            await ledger.close()


class _Run:
    def __init__(self, plan: Plan, options: RunOptions, ledger: SqliteLedger) -> None:
        self.plan = plan
        self.options = options
        self.ledger = ledger
        self.books = Books(plan)
        self.collector = Collector(plan)
        self.started = time.monotonic()
        self.begun = datetime.datetime.now(datetime.UTC)
        self.models: dict[str, set[str]] = {}
        self.fraction = 0.0
        self.told = 0.0
        self.finished: set[str] = set()

    async def result(self, slots: dict[str, Any]) -> RunResult:
        self.loop = asyncio.get_running_loop()
        set_progress.begin(self.options.task_id)
        with _event_log(self.options.output_dir / "events.jsonl") as self.log:
            self.emit(RunStarted(self.plan.spec.name, str(self.options.output_dir), list(self.plan.steps)))
            self.tell(force=True)
            endpoints: dict[str, Endpoint] = {}
            try:
                endpoints = open_endpoints(slots, lambda line: self.emit(Noted("", line)))
                error = await self._run(endpoints)
            finally:
                for client in {id(endpoint.client): endpoint.client for endpoint in endpoints.values()}.values():
                    await client.aclose()
            return self._end(error)

    async def _run(self, endpoints: dict[str, Endpoint]) -> BaseException | None:
        calls = Calls(endpoints, self.ledger, self.books, self.emit, self.options.policy, self.options.clock)
        contexts = {
            name: StepCalls(step, calls, self.emit, self._refused) for name, step in self.plan.steps.items()
        }
        sinks = Sinks(self.collector.row, self._dropped, self.tell)
        places = sum(endpoint.config.concurrency for endpoint in endpoints.values())
        engine = Engine(self.plan, self.books, sinks, contexts, calls, window=max(8, 2 * places))
        ticker = asyncio.create_task(self._tick())
        try:
            with _signals(self.loop, engine, self.options.handle_signals):
                await engine.run()
        except asyncio.CancelledError:
            await calls.drain(0)
            if self.options.handle_signals:
                return Interrupted()
            raise
        except Exception as error:  # noqa: BLE001 - told in the result, with the exit code that belongs to it
            return error
        finally:
            ticker.cancel()
        return self._check()

    def _check(self) -> BaseException | None:
        """What is wrong with a run that came to its end."""
        wrong = self.books.mismatches()
        if wrong:
            return RuntimeError("the books do not balance: " + "; ".join(wrong))
        return _nothing_left(self.plan, self.books.states()) or self._nothing_written()

    def _nothing_written(self) -> BaseException | None:
        for name, output in self.plan.outputs.items():
            refused = self.collector.unwritable[name]
            if refused and not self.collector.count(name):
                return StepStopped(
                    f"none of the {refused} rows of step `{output.source}` could be written to `{name}`",
                    help="read `rejected.jsonl` for the reasons",
                )
        return None

    def _end(self, error: BaseException | None) -> RunResult:
        status, message, help_ = _status(error)
        try:
            published = self.collector.publish(self.options.output_dir, complete=error is None)
        except CannotWrite as failure:
            status, message, help_, published, error = "stopped", str(failure), failure.help, [], failure
        finally:
            self.collector.close()
        seconds = time.monotonic() - self.started
        states = self.books.states()
        for state in states:
            if error is None and state.name not in self.finished:
                self.emit(StepFinished(state))
        self.emit(Progressed(1.0 if error is None else self.fraction, states))
        result = RunResult(status, message, help_, self.options.output_dir, published, states, seconds, error)
        with contextlib.suppress(CannotWrite):
            write_record(self.options.output_dir, self._record(result), states)
        self.emit(RunFinished(status, message, round(seconds, 3)))
        if error is None:
            set_progress(self.options.task_id, 1.0, "done")
        return result

    def _record(self, result: RunResult) -> dict[str, Any]:
        secrets = {name for name, param in self.plan.spec.params.items() if param.type == "secret"}
        return {
            "version": 1,
            "pipeline": self.plan.spec.name,
            "status": result.status,
            "message": result.message,
            "started": self.begun.isoformat(timespec="seconds"),
            "seconds": round(result.seconds, 3),
            "atk_interp": importlib.metadata.version("atk-interp"),
            "spec": self.plan.spec.document.file.path,
            "params": {name: value for name, value in self.plan.params.items() if name not in secrets},
            "seed": self.plan.seed,
            "prompts": dict(self.plan.prompts),
            "models": {
                slot: {"provider": config.provider, "model": config.model, "base_url": config.base_url}
                for slot, config in used_slots(self.plan).items()
            },
            "outputs": [
                {"name": output.name, "file": output.path.name, "rows": output.rows, "complete": output.complete}
                for output in result.outputs
            ],
        }

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
        if not isinstance(event, Progressed | CallFinished):
            self.log(event)
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


def _doing(states: list[StepState]) -> str:
    busy = [state for state in states if not state.finished and state.rows_in]
    return f"step {busy[0].name}: {busy[0].passed} of {busy[0].rows_in} rows" if busy else "working"


def _nothing_left(plan: Plan, states: list[StepState]) -> BaseException | None:
    """The first step that had rows and let none through, in a sentence with the reasons."""
    by_name = {state.name: state for state in states}
    for name, step in plan.steps.items():
        state = by_name[name]
        if not step.inputs and state.rows_out == 0:
            return StepStopped(
                f"step `{name}` found nothing to work on", help="check the input path, and read the notices above"
            )
        if state.rows_in and state.rows_out == 0:
            reasons = "; ".join(f"{count} x {label}" for label, count in state.labels.items()) or "no reason was recorded"
            lost = f"{state.filtered} filtered, {state.rejected} rejected"
            return StepStopped(
                f"no rows are left after step `{name}`: of {state.rows_in}, {lost} ({reasons})",
                help="read `rejected.jsonl` for the rows and the raw replies",
            )
    return None


def _status(error: BaseException | None) -> tuple[str, str, str]:
    """Status, message and help for what ended a run."""
    match error:
        case None:
            return "done", "", ""
        case Interrupted():
            return "interrupted", "interrupted", "run the same command again to go on; no paid reply is lost"
        case EndpointUnavailable() | EndpointDown():
            return (
                "unavailable",
                f"the endpoint is not available: {error}",
                "run the same command again when it is; no paid reply is lost",
            )
        case EndpointRefused():
            return "impossible", f"the endpoint refused a call: {error}", error.help
        case CannotRun():
            return "impossible", str(error), error.help
        case LedgerError():
            return "unavailable", f"the ledger cannot be written: {error}", error.help
        case StepStopped():
            return "stopped", str(error), error.help
        case CannotWrite():
            return "stopped", str(error), error.help
    return "failed", f"this is a mistake in atk-interp: {type(error).__name__}: {error}", ""


@contextlib.contextmanager
def _event_log(path: Path) -> Iterator[Callable[[Event], None]]:
    """Append events to a file, one JSON line each, with the time in UTC. A full disk does not stop the run."""
    try:
        stream = path.open("ab")
    except OSError:
        yield lambda event: None
        return
    with stream:

        def log(event: Event) -> None:
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
            with contextlib.suppress(OSError):
                stream.write(encode({"time": now, **as_json(event)}) + b"\n")
                stream.flush()

        yield log


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, engine: Engine, wanted: bool) -> Iterator[None]:
    """The first Ctrl+C lets the calls under way come back; the second stops at once."""
    task = asyncio.current_task()
    pressed = 0

    def interrupt() -> None:
        nonlocal pressed
        pressed += 1
        if pressed == 1:
            engine.stop(Interrupted())
        elif task is not None:
            task.cancel()

    taken: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM) if wanted else ():
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, interrupt)
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
