"""What a running step may ask for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from atk_interp.kinds.base.results import AcceptedCall, Attempt, Dropped, Notice, Turn, UsedUp
from atk_interp.llm.messages import Reply
from atk_interp.values import Row, Value

if TYPE_CHECKING:
    from array import array

__all__ = ["Scratch", "SetContext", "StepContext"]

T = TypeVar("T")
R = TypeVar("R")


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
