"""What one step may ask of the runtime, and what it asks of the calls of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from atk_interp.kinds.base import AcceptedCall, Attempt, Dropped, Notice, Turn, UsedUp
from atk_interp.llm.messages import Reply
from atk_interp.llm.vectors import Vector
from atk_interp.plan import PlannedStep
from atk_interp.runtime.events import Event, Noted
from atk_interp.runtime.flights import Carriers
from atk_interp.runtime.granted import Granted
from atk_interp.runtime.variants import Form
from atk_interp.values import Row, Value

__all__ = ["Answers", "Following", "StepCalls"]


class Answers(Protocol):
    """Where the replies of a run come from: what an engine and its steps need to know of its calls."""

    reason: BaseException | None
    """Why no call is sent any more, when a call was the reason."""

    carriers: Carriers
    """Where an engine puts the tasks that ask: see `Flights`."""

    @property
    def resting(self) -> int:
        """How many calls wait to be tried again, and take no place meanwhile."""
        ...

    async def reply(
        self,
        step: PlannedStep,
        slot: str,
        messages: Sequence[tuple[str, str]],
        sampling: Mapping[str, Value],
        sample: int,
        attempt: int,
        row: Row,
        form: Form | None = None,
    ) -> Reply:
        """See `StepContext.call`. Raises `Halted` when the run is ending and the reply is not at hand."""
        ...

    async def vectors(self, step: PlannedStep, slot: str, texts: Sequence[str], query: bool, row: Row) -> list[Vector]:
        """See `StepContext.embed`. Raises as `reply` does."""
        ...

    def halt(self) -> None:
        """No call is sent any more."""
        ...

    async def drain(self, patience_s: float) -> None:
        """Wait for the calls that are under way."""
        ...


_NO_ROW = Row("", "", ())
"""Who asks, where a step asks for all its rows."""


class Following(Protocol):
    """Who wants to know with which calls rows are made, of which rows, and what was learned of them."""

    def wants_calls(self, step: str) -> bool: ...

    def accepted(self, step: PlannedStep, call: AcceptedCall) -> None: ...

    def merged(self, step: PlannedStep, row: Row, members: Sequence[str]) -> None: ...

    def learned(self, step: PlannedStep, text: str) -> None: ...


class StepCalls:
    """What one step may ask of the runtime (`StepContext`)."""

    def __init__(
        self,
        step: PlannedStep,
        calls: Answers,
        emit: Callable[[Event], None],
        refused: Callable[[PlannedStep, Dropped], None],
        granted: Granted | None = None,
        following: Following | None = None,
    ) -> None:
        self._step = step
        self._calls = calls
        self._emit = emit
        self._refused = refused
        self._granted = granted
        self._following = following
        self.wants_calls = following is not None and following.wants_calls(step.name)

    async def call(
        self,
        slot: str,
        messages: Sequence[tuple[str, str]],
        sampling: dict[str, Value],
        *,
        sample: int = 0,
        attempt: int = 0,
        row: Row,
        form: Form | None = None,
    ) -> Reply:
        slot = self._step.slots.get(slot, slot)
        return await self._calls.reply(self._step, slot, messages, sampling, sample, attempt, row, form)

    async def embed(
        self, slot: str, texts: Sequence[str], *, query: bool = False, row: Row | None = None
    ) -> list[Vector]:
        slot = self._step.slots.get(slot, slot)
        return await self._calls.vectors(self._step, slot, texts, query, row or _NO_ROW)

    def first_sample(self, row: Row) -> int:
        rounds = row.order[-len(self._step.limits) :] if self._step.limits else ()
        number = self._step.repeat
        for limit, round_ in zip(self._step.limits, rounds, strict=True):
            number = number * limit + round_ - 1
        return number * self._step.stride

    def note(self, notice: Notice) -> None:
        self._emit(Noted.of(self._step.name, notice))

    def refused(self, dropped: Dropped) -> None:
        self._refused(self._step, dropped)

    def failed(self, row: Row, attempt: Attempt) -> None:
        """What becomes of the row tells it."""

    def accepted(self, call: AcceptedCall) -> None:
        if self._following is not None:
            self._following.accepted(self._step, call)

    def merged(self, row: Row, members: Sequence[str]) -> None:
        if self._following is not None:
            self._following.merged(self._step, row, members)

    def learned(self, text: str) -> None:
        if self._following is not None:
            self._following.learned(self._step, text)

    def further(self, used_up: UsedUp, given: int) -> Turn | None:
        return self._granted.further(self._step, used_up, given) if self._granted is not None else None
