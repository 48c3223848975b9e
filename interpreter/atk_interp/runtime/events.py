"""What happens in a run, as typed events. Progress, logs and reports are listeners and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, field
from typing import Any, TypeAlias

from atk_interp.kinds.base import Notice
from atk_interp.llm.messages import Reply, Request
from atk_interp.records import dataclass
from atk_interp.runtime.spent import Spent
from atk_interp.values import Value

__all__ = [
    "EVENTS",
    "VERSION",
    "CallFailed",
    "CallFinished",
    "Cause",
    "EndpointState",
    "Event",
    "Listener",
    "Noted",
    "OutputWritten",
    "Paused",
    "Progressed",
    "Rejected",
    "Resumed",
    "RunFinished",
    "RunStarted",
    "StepFinished",
    "StepStarted",
    "StepState",
    "Waited",
    "as_json",
]

VERSION = 1
"""Of the records in `events.jsonl`. Another number means that a field has another meaning, or is gone; that fields and
events are added does not change it."""


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
class EndpointState:
    """How an endpoint is used at this moment: `in_use` calls of at most `limit` (`most` when it is well).

    `waiting` calls have no place yet. `failing_s` is for how long no call has had a reply, 0 when the last had one.
    """

    slots: list[str]
    in_use: int
    waiting: int
    limit: int
    most: int
    failures: int
    failing_s: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that has happened `count` times, and the first time to `first` (a file, a row, a slot).

    `kind` is the event that told of it. Messages that differ in numbers and names alone are counted together, and
    `message` is that of the first of them.
    """

    kind: str
    step: str
    message: str
    first: str
    count: int
    help: str = ""
    serious: bool = False


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins. `version` is that of the events that follow, `atk_interp` that of the program."""

    pipeline: str
    output_dir: str
    steps: list[str]
    atk_interp: str = ""
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Noted:
    """Something about the inputs or the set-up that people should know. `where` is a file or a place in one."""

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
    """A call has its reply, and the reply is in the ledger. `from_ledger` calls were not paid in this run.

    Not in `events.jsonl`, where there would be one for every call: the ledger has them.
    """

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
    slot: str = ""
    request: Request | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call has brought no reply, and is not tried again for now. `error` names what went wrong in one word."""

    step: str
    row: str
    slot: str
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class Waited:
    """An endpoint failed, and the call is tried again."""

    slot: str
    message: str


@dataclass(frozen=True, slots=True)
class Paused:
    """An endpoint has not replied for some time, or asked for a pause: its calls wait."""

    slots: list[str]
    message: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """An endpoint that was paused replies again, after so many seconds."""

    slots: list[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row (or part of a reply) that goes no further. `outcome` is `filtered` or `rejected`.

    In `events.jsonl` stand the first ones of each step and label; `rejected.jsonl` has them all.
    """

    step: str
    row: str
    outcome: str
    label: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """The state of all steps, and how much of the run is done (0 to 1, never falling). Not in `events.jsonl`.

    `paid` is what each step that has paid calls has spent in this run; `endpoints` are those that are asked.
    """

    fraction: float
    steps: list[StepState]
    paid: dict[str, Spent] = field(default_factory=dict)
    endpoints: list[EndpointState] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The first row has come to a step, or has come out of one that makes rows."""

    step: str
    kind: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """Nothing more will come to a step: these are its books."""

    state: StepState


@dataclass(frozen=True, slots=True)
class OutputWritten:
    """An output is written. `complete` is false for what a stopped run had of it."""

    output: str
    file: str
    rows: int
    complete: bool


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over. `status` is `done`, or what it ended with; `message` says why it is not `done`.

    `causes` are the notices, rejections and failures of the run, each once with its count: serious ones first.
    """

    status: str
    message: str
    seconds: float
    causes: list[Cause] = field(default_factory=list)


Event: TypeAlias = (
    RunStarted
    | Noted
    | CallFinished
    | CallFailed
    | Waited
    | Paused
    | Resumed
    | Rejected
    | Progressed
    | StepStarted
    | StepFinished
    | OutputWritten
    | RunFinished
)
EVENTS: tuple[type[Event], ...] = (
    RunStarted,
    StepStarted,
    Progressed,
    CallFinished,
    CallFailed,
    Waited,
    Paused,
    Resumed,
    Noted,
    Rejected,
    StepFinished,
    OutputWritten,
    RunFinished,
)
"""All of them, in the order in which a run may first tell them."""

Listener = Callable[[Event], None]
"""Called in order, from the run's own loop; it must be quick. What it raises does not stop the run."""

_CONTENT = ("request", "reply")
"""What a call sent and got: for listeners in the process alone."""


def as_json(event: Event) -> dict[str, Any]:
    """An event as a record of `events.jsonl`, or for a listener elsewhere; prompts and replies are left out."""
    fields: dict[str, Value]
    if isinstance(event, CallFinished):
        fields = {name: getattr(event, name) for name in CallFinished.__slots__ if name not in _CONTENT}
    else:
        fields = asdict(event)
    return {"event": type(event).__name__, **fields}
