"""Calls that are answered from the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from atk_interp.ledger.base import StoredReply
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import EndpointDown, Reply, Request
from atk_interp.plan import PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Halted, request_for
from atk_interp.runtime.endpoints import Target
from atk_interp.values import Row, Value

__all__ = ["AskedCall", "NotRecorded", "Recall"]


@dataclass(frozen=True, slots=True, eq=False)
class AskedCall:
    """A call that a row asks for, exactly as a run would make it."""

    step: PlannedStep
    slot: str
    row: Row
    sample: int
    attempt: int
    request: Request
    key: str


class NotRecorded(EndpointDown):
    """The ledger has no reply. To the engine it is an endpoint that is down: the row goes no further, others do."""


class Recall:
    """`Answers` of a rehearsal. Nothing is sent and nothing written.

    `asked` is told of every call before it is looked up, `found` of every reply. A row that the engine brings a second
    time, because a reply was missing at first, is not told again. `ledger` is None when there is none yet.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        ledger: SqliteLedger | None,
        books: Books,
        asked: Callable[[AskedCall], None],
        found: Callable[[AskedCall, StoredReply], None],
    ) -> None:
        self._targets = targets
        self._ledger = ledger
        self._books = books
        self._asked = asked
        self._found = found
        self._lost: set[tuple[str, str, tuple[int, ...]]] = set()
        self._halted = False
        self.reason: BaseException | None = None

    async def reply(
        self,
        step: PlannedStep,
        slot: str,
        messages: Sequence[tuple[str, str]],
        sampling: Mapping[str, Value],
        sample: int,
        attempt: int,
        row: Row,
    ) -> Reply:
        """See `StepContext.call`. Raises `NotRecorded` for want of a reply."""
        place = (step.name, row.id, row.order)
        if self._halted:
            raise Halted
        if place in self._lost:
            raise NotRecorded("the ledger has no reply")
        request = request_for(self._targets[slot], messages, sampling, sample, attempt)
        call = AskedCall(step, slot, row, sample, attempt, request, request.key())
        # Told before anything is awaited: when the reply to a sample is missing, its siblings are cancelled.
        self._asked(call)
        reply = await self._ledger.get(call.key) if self._ledger is not None else None
        if reply is None:
            self._lost.add(place)
            raise NotRecorded("the ledger has no reply")
        self._found(call, reply)
        self._books.call(step.name, True, 0, 0)
        return reply

    def halt(self) -> None:
        """Answer no more."""
        self._halted = True

    async def drain(self, patience_s: float) -> None:
        """Nothing is ever under way."""
