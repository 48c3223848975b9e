"""What a step makes of a row, and what becomes of rows that fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atk_interp.records import dataclass
from atk_interp.values import Row, Value

__all__ = ["AcceptedCall", "Attempt", "Beside", "Dropped", "Notice", "RowFailed", "StepStopped", "Turn", "UsedUp"]


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
class Beside:
    """What became of the rows of another step: so many went into rows of this one, so many into none."""

    merged: int
    unused: int
    label: str


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
