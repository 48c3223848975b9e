"""What happens in a run, as typed events. Progress, logs and reports are listeners and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, field
from typing import Any

from atk_interp.kinds.base import Notice
from atk_interp.records import dataclass
from atk_interp.values import Value

__all__ = [
    "CallFinished",
    "Event",
    "Listener",
    "Noted",
    "Progressed",
    "Rejected",
    "RunFinished",
    "RunStarted",
    "StepFinished",
    "StepState",
    "Waited",
    "as_json",
]


@dataclass(frozen=True, slots=True)
class StepState:
    """The counts of one step: rows in, passed, and lost, rows out, and calls by where the reply came from.

    in = passed + filtered + rejected + merged. A row that passes may give several rows out. `refused` counts parts
    of replies that were not accepted while the rest of the reply was, `skipped` the rows among `passed` that passed
    the step by, because `when` was false for them.
    """

    name: str
    kind: str
    rows_in: int = 0
    passed: int = 0
    filtered: int = 0
    rejected: int = 0
    merged: int = 0
    rows_out: int = 0
    refused: int = 0
    skipped: int = 0
    called: int = 0
    from_ledger: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    """How many rows were lost under which label."""
    finished: bool = False


@dataclass(frozen=True, slots=True)
class RunStarted:
    pipeline: str
    output_dir: str
    steps: list[str]


@dataclass(frozen=True, slots=True)
class Noted:
    """Something about the inputs or the set-up."""

    step: str
    message: str
    where: str = ""
    help: str = ""
    serious: bool = False

    @staticmethod
    def of(step: str, notice: Notice) -> Noted:
        return Noted(step, notice.message, notice.where, notice.help, notice.serious)


@dataclass(frozen=True, slots=True)
class CallFinished:
    step: str
    row: str
    sample: int
    attempt: int
    key: str
    from_ledger: bool
    finish: str
    input_tokens: int
    output_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Waited:
    """An endpoint failed, and the call is tried again."""

    slot: str
    message: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row (or part of a reply) that goes no further."""

    step: str
    row: str
    outcome: str
    label: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """The state of all steps, and how much of the run is done (0 to 1, never falling)."""

    fraction: float
    steps: list[StepState]


@dataclass(frozen=True, slots=True)
class StepFinished:
    state: StepState


@dataclass(frozen=True, slots=True)
class RunFinished:
    """`status` is `done`, `stopped`, `failed`, `unavailable` or `interrupted`; `message` says why it is not `done`."""

    status: str
    message: str
    seconds: float


Event = RunStarted | Noted | CallFinished | Waited | Rejected | Progressed | StepFinished | RunFinished
Listener = Callable[[Event], None]
"""Called in order, from the run's own loop; it must be quick. What it raises does not stop the run."""


def as_json(event: Event) -> dict[str, Any]:
    """An event as a record of `events.jsonl`."""
    fields: dict[str, Value] = asdict(event)
    return {"event": type(event).__name__, **fields}
