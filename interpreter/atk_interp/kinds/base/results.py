"""What a step makes of a row, and what a running step may ask for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from atk_interp.llm.messages import Reply
from atk_interp.records import dataclass
from atk_interp.templates import Prompt
from atk_interp.values import Row, Value

T = TypeVar("T")
R = TypeVar("R")

if TYPE_CHECKING:
    from array import array

__all__ = [
    "AcceptedCall",
    "Attempt",
    "Beside",
    "CallStep",
    "Dropped",
    "Notice",
    "PureStep",
    "RowFailed",
    "Runner",
    "Scratch",
    "SetContext",
    "SetStep",
    "SourceStep",
    "StepContext",
    "StepStopped",
    "Turn",
    "UsedUp",
    "rejecting",
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an acceptable reply that failed, or one vote that was cast: the reply, and what was wrong."""

    sample: int
    attempt: int
    reason: str
    reply: str
    finish: str

    def as_json(self) -> dict[str, Value]:
        return {
            "sample": self.sample,
            "attempt": self.attempt,
            "reason": self.reason,
            "reply": self.reply,
            "finish": self.finish,
        }


@dataclass(frozen=True, slots=True)
class AcceptedCall:
    """A call whose reply was accepted, and the rows that leave the step with what was read from it.

    `messages` are those of the attempt that was accepted, as they were sent; the one role `prompt` is a completion.
    """

    rows: Sequence[Row]
    sample: int
    messages: Sequence[tuple[str, str]]
    reply: str
    attempt: int = 0
    """How many attempts had failed before; with `feedback` their replies are among the messages."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt: its number, and the slot that answers it."""

    attempt: int
    slot: str


@dataclass(frozen=True, slots=True)
class UsedUp:
    """A sample whose attempts have all failed, the last one for the reason `label`.

    `messages` and `sampling` are those of its first call, to the slot `slot`. `attempts` is how many the step allows;
    `too_long` tells that none of them could help, because the model does not take a prompt of this length.
    """

    row: Row
    sample: int
    slot: str
    messages: Sequence[tuple[str, str]]
    sampling: Mapping[str, Value]
    attempts: int
    label: str
    too_long: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that goes no further. `filtered` by a rule of the spec, or `rejected` for want of a good reply.

    `label` is what it failed: the label of an `accept` rule, or a sentence. `attempts` holds the raw replies.
    """

    row: Row
    outcome: str
    label: str
    attempts: tuple[Attempt, ...] = ()
    kept: bool = False
    """Whether the row goes on all the same, with null in the fields of the step."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the inputs that people should know: a file that was skipped, an encoding guessed."""

    message: str
    where: str = ""
    help: str = ""
    serious: bool = False


class StepStopped(Exception):
    """The run must stop here. The message says why in one sentence; `help` says what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class RowFailed(Exception):
    """This row cannot be worked on, and others can: it is rejected with the message as its label.

    For what depends on the row, as everything does that a model has written; a mistake that every row would meet is
    `StepStopped`. Rows that were made of the row before this was raised stay.
    """


class StepContext(Protocol):
    """What the runtime answers for: calls, notices. A step owns no client, clock or file."""

    async def call(
        self,
        slot: str,
        messages: Sequence[tuple[str, str]],
        sampling: dict[str, Value],
        *,
        sample: int = 0,
        attempt: int = 0,
        row: Row,
        form: Mapping[str, Value] | None = None,
    ) -> Reply:
        """The reply to a call: from the ledger, or paid and in the ledger before this returns.

        `messages` are roles and contents; the one role `prompt` makes it a completion. `row` is who asks. `form` is
        a `response_format` to hold the reply to, where the endpoint can.
        """
        ...

    async def embed(
        self, slot: str, texts: Sequence[str], *, query: bool = False, row: Row | None = None
    ) -> list[array[float]]:
        """The vectors of some texts, in their order: from the ledger, or paid and in the ledger before this returns.

        Each is an `array('f')` of length 1 (in the sense of geometry), so that the sum of the products of two is how
        alike their texts are: 1 for the same. `query` texts are those that ask, where a model tells them apart from
        those that are looked up or compared. `row` is who asks. Raises `ContextTooLong` for a text that is too long.
        """
        ...

    def first_sample(self, row: Row) -> int:
        """The number of the first sample to ask for: 0, and more in the later rounds of a loop.

        A row that comes again with the same question wants another answer.
        """
        ...

    def note(self, notice: Notice) -> None:
        """Tell people something about the inputs; repeated ones are counted."""
        ...

    def refused(self, dropped: Dropped) -> None:
        """Record a part of a reply that was not accepted while the rest of it was."""
        ...

    def failed(self, row: Row, attempt: Attempt) -> None:
        """An attempt for a row has failed, and others may follow."""
        ...

    @property
    def wants_calls(self) -> bool:
        """Whether there is any use in `accepted`."""
        ...

    def accepted(self, call: AcceptedCall) -> None:
        """Rows were made with the reply to a call, and are about to leave the step."""
        ...

    def merged(self, row: Row, members: Sequence[str]) -> None:
        """A row was made of several, whose ids these are."""
        ...

    def learned(self, text: str) -> None:
        """What the step has learned of its rows, for an output of that; the last one counts."""
        ...

    def further(self, used_up: UsedUp, given: int) -> Turn | None:
        """The attempt that was granted to a sample beyond those of its step, after `given` others; None for no more."""
        ...


class Scratch(Protocol):
    """Rows that a set-wise step sets aside under keys: in memory while they are few, on disk when they are many."""

    def put(self, key: bytes, row: Row) -> None: ...

    def rows(self) -> Iterator[Row]:
        """All of them, by their keys; equal keys in the order in which they were put. Nothing is put any more."""
        ...

    def find(self, key: bytes) -> list[Row]:
        """Those of one key, in the order in which they were put. Nothing is put any more."""
        ...


class SetContext(StepContext, Protocol):
    """What a set-wise step may ask for beside."""

    def others(self, key: str) -> Iterator[Row]:
        """The rows of the step that an option names, in canonical order. Once for each key."""
        ...

    def vectors(self, slot: str, texts: Iterable[str], *, query: bool = False) -> Iterator[array[float]]:
        """As `embed`, for any number of texts, of which no more than some thousand are on their way at a time."""
        ...

    def asked(self, items: Iterable[T], ask: Callable[[T], Coroutine[Any, Any, R]]) -> Iterator[R]:
        """What `ask` gives for each, in their order; some hundred of them are under way at a time."""
        ...

    def scratch(self) -> Scratch:
        """Room for rows, given back when the step is through."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What became of the rows of another step: so many went into rows of this one, so many into none."""

    merged: int
    unused: int
    label: str


class SourceStep:
    """Makes rows from outside the graph, in canonical order.

    `reads` gives the files that the rows are made from, if any; they depend on nothing else but the spec, the values of
    its parameters and rows of the caller. A source that cannot say so has none, and a run of it is never taken to be
    unchanged. It may raise `StepStopped` and `OSError`. `check` raises `StepStopped` where there is nothing to read
    from: it looks for the path alone, so that a run may ask it before anything else. One that `takes` rows of a caller
    gives those back as `Dropped` that are not as they are declared.
    """

    __slots__ = ("check", "reads", "rows", "takes")

    def __init__(
        self,
        rows: SourceRows,
        reads: Callable[[], Iterable[Path]] | None = None,
        check: Callable[[], None] = lambda: None,
        *,
        takes: bool = False,
    ) -> None:
        self.rows = rows
        self.reads = reads
        self.check = check
        self.takes = takes


class SourceRows(Protocol):
    def __call__(self, context: StepContext) -> Iterator[Row | Dropped]: ...


class PureStep:
    """Turns one row into rows at once, without waiting for anything."""

    __slots__ = ("apply",)

    def __init__(self, apply: PureApply) -> None:
        self.apply = apply


class PureApply(Protocol):
    def __call__(self, row: Row) -> Iterable[Row] | Dropped: ...


class CallStep:
    """Turns one row into rows by asking a model.

    `prompt` gives the prompt of a call, for the names of its row with `sample`, where a step has several prompts.
    `samples` is one more than the greatest number that it gives to a sample of a row.
    """

    __slots__ = ("apply", "prompt", "samples")

    def __init__(
        self, apply: CallApply, prompt: Callable[[Mapping[str, Any]], Prompt] | None = None, samples: int = 1
    ) -> None:
        self.apply = apply
        self.prompt = prompt
        self.samples = samples


class CallApply(Protocol):
    async def __call__(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped: ...


@dataclass(frozen=True, slots=True)
class SetStep:
    """Turns all rows, in canonical order, into rows: a barrier. A row that fails is given back as `Dropped`.

    A step that takes rows of another step beside its own (`SetContext.others`) says with `Beside` what became of them.

    `loses` says where rows that do not come out went: `filtered` or `merged`. `expects` is how many rows will come
    out of so many, or at most; progress goes by it. A step that `reorders` gives its rows places that begin with 0;
    those that its `when` leads past it come after them.
    """

    apply: SetApply
    loses: str = field(default="filtered")
    expects: Callable[[int], int] = field(default=lambda rows: rows)
    reorders: bool = field(default=False)


class SetApply(Protocol):
    def __call__(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped | Beside]: ...


Runner = SourceStep | PureStep | CallStep | SetStep
"""How a bound step runs."""


def rejecting(runner: Runner) -> Runner:
    """The runner, with `RowFailed` turned into a rejected row where one row is worked on.

    What is raised by rows that are made one by one comes later, and is for whoever takes them.
    """
    match runner:
        case PureStep(apply=apply):
            return PureStep(_rejecting(apply))
        case CallStep(apply=ask):
            return CallStep(_rejecting_call(ask), runner.prompt, runner.samples)
    return runner


def _rejecting(apply: PureApply) -> PureApply:
    def applied(row: Row) -> Iterable[Row] | Dropped:
        try:
            return apply(row)
        except RowFailed as error:
            return Dropped(row, "rejected", str(error))

    return applied


def _rejecting_call(apply: CallApply) -> CallApply:
    async def applied(row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        try:
            return await apply(row, context)
        except RowFailed as error:
            return Dropped(row, "rejected", str(error))

    return applied
