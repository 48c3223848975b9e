"""The ways in which a run can end, and what people are told of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from atk_interp.formats.atomic import CannotWrite, DiskFull
from atk_interp.formats.files import FORMS
from atk_interp.installed import giver_at_fault, said
from atk_interp.kinds.base import SourceStep, StepStopped
from atk_interp.ledger import LedgerError
from atk_interp.llm.messages import EndpointDown, EndpointRefused, EndpointUnavailable
from atk_interp.plan import Plan
from atk_interp.records import dataclass
from atk_interp.runtime.budget import OutOfBudget
from atk_interp.runtime.checks import CheckResult, ChecksFailed
from atk_interp.runtime.endpoints import CannotRun
from atk_interp.runtime.events import Cause, StepState
from atk_interp.runtime.publish import Published
from atk_interp.runtime.spending import Spending
from atk_interp.runtime.spool import NoRoomForRows

__all__ = ["EXIT_CODES", "Ending", "Interrupted", "RunResult", "ending", "nothing_left"]

EXIT_CODES = {"done": 0, "stopped": 1, "impossible": 2, "failed": 3, "unavailable": 4, "interrupted": 130}
"""The exit code of each way in which a run can end."""

_AGAIN = "run the same command again to go on; no paid reply is lost"


class Interrupted(Exception):
    """The user asked for the run to end."""


@dataclass(frozen=True)
class Ending:
    """How a run ended. `status` is a key of `EXIT_CODES`; `message` is empty when it is `done`."""

    status: str
    message: str = ""
    help: str = ""
    error: BaseException | None = None


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
    rejected: int = 0
    """How many records `rejected.jsonl` has: rows and parts of replies, with what became of them."""
    unchanged: bool = False
    """Whether there was nothing to do: a run before this one has left it all."""
    part: str = ""
    """What it was, when it was not a whole run: `a trial of 5 rows`."""
    spending: Spending | None = None
    """What was paid; None when there was nothing to do."""
    checks: Sequence[CheckResult] = ()
    """How the checks of the spec came out; empty for a run that did not come to its end."""
    causes: list[Cause] = field(default_factory=list)
    """The notices, rejections and failures of the run, each once with its count: the serious first."""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.status]

    def rows(self, output: str | None = None) -> Iterator[dict[str, Any]]:
        """The records of an output, by its name; of the first one when none is named."""
        found = next((written for written in self.outputs if output in (None, written.name)), None)
        if found is None:
            known = ", ".join(written.name for written in self.outputs) or "none"
            raise KeyError(f"there is no output `{output}`; outputs are {known}")
        yield from FORMS[found.form].read(found.path)


def ending(error: BaseException | None, failed: int = 1) -> Ending:
    """Status, message and help for what ended a run; `failed` calls have met the error."""
    match error:
        case None:
            return Ending("done")
        case Interrupted():
            return Ending("interrupted", "interrupted", _AGAIN, error)
        case EndpointUnavailable() | EndpointDown():
            return Ending("unavailable", f"the endpoint is not available: {error}", _AGAIN, error)
        case EndpointRefused():
            refused = f"{failed} calls alike" if failed > 1 else "a call"
            return Ending("impossible", f"the endpoint refused {refused}: {error}", error.help, error)
        case CannotRun():
            return Ending("impossible", str(error), error.help, error)
        case OutOfBudget():
            return Ending("unavailable", str(error), error.help, error)
        case LedgerError():
            return Ending("unavailable", f"the ledger cannot be used: {error}", error.help, error)
        case DiskFull() | NoRoomForRows():
            return Ending("unavailable", str(error), error.help, error)
        case StepStopped() | CannotWrite() | ChecksFailed():
            return Ending("stopped", str(error), error.help, error)
    if giver := giver_at_fault(error):
        return Ending(
            "stopped", f"the code of `{giver}` failed: {said(error)}", "tell those who make the package", error
        )
    return Ending("failed", f"this is a mistake in atk-interp: {type(error).__name__}: {error}", "", error)


def nothing_left(plan: Plan, states: list[StepState], *, unused: bool) -> list[StepStopped]:
    """The steps that had rows and let none through, and sources without any, each in a sentence with the reasons.

    `unused` for those, too, that use their pipeline for no value of `matrix`, as what is switched off does.
    """
    by_name = {state.name: state for state in states}
    told = []
    for name, step in plan.steps.items():
        state = by_name[name]
        if isinstance(step.runner, SourceStep) and state.rows_out == 0 and (unused or step.kind != "pipeline"):
            found = f"step `{name}` found nothing to work on"
            told.append(StepStopped(found, help="check the input path, and read the notices above"))
        if state.rows_in > state.skipped and state.rows_out == 0:  # what passes a nested pipeline by is not lost in it
            labels = "; ".join(f"{count} x {label}" for label, count in state.labels.items())
            reasons = f" ({labels})" if labels else ""
            lost = f"{state.filtered} filtered, {state.rejected} rejected"
            left = f"no rows are left after step `{name}`: of {state.rows_in}, {lost}{reasons}"
            # A step over all rows leaves rows out by what it is asked for, and has no line for each of them.
            why = "read `rejected.jsonl` for the rows and the raw replies"
            asked = f"look at what step `{name}` is asked to let through"
            told.append(StepStopped(left, help=why if state.labels else asked))
    return told
