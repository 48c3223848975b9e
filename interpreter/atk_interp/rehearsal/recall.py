"""Calls that are answered from the ledger alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from atk_interp.ledger.base import StoredReply
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import EndpointDown, Reply, Request
from atk_interp.plan import PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Halted, request_for
from atk_interp.runtime.endpoints import Target
from atk_interp.values import Row, Value

__all__ = ["AskedCall", "Heard", "NotRecorded", "Recall"]


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


class Heard(Protocol):
    """Who listens to a rehearsal, in the event loop; calls come in no certain order, each of them once."""

    def found(self, call: AskedCall, reply: StoredReply) -> None:
        """The reply to a call is in the ledger."""
        ...

    def missing(self, call: AskedCall) -> None:
        """A call would be sent."""
        ...


class Recall:
    """`Answers` of a rehearsal. Nothing is sent and nothing written. `ledger` is None when there is none yet."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        ledger: SqliteLedger | None,
        books: Books,
        heard: Heard,
    ) -> None:
        self._targets = targets
        self._ledger = ledger
        self._books = books
        self._heard = heard
        self._open: set[AskedCall] = set()
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
        """See `StepContext.call`. Raises `NotRecorded` for want of a reply.

        A row that the engine brings a second time, because a reply was missing at first, is not listened to.
        """
        place = (step.name, row.id, row.order)
        if self._halted:
            raise Halted
        if place in self._lost:
            raise NotRecorded("the ledger has no reply")
        request = request_for(self._targets[slot], messages, sampling, sample, attempt)
        call = AskedCall(step, slot, row, sample, attempt, request, request.key())
        # When the reply to one sample is missing, its siblings are cancelled at any moment: `settle` sees to them.
        self._open.add(call)
        reply = await self._stored(call.key)
        self._told(call, reply)
        if reply is None:
            self._lost.add(place)
            raise NotRecorded("the ledger has no reply")
        self._books.call(step.name, True, 0, 0)
        return reply

    async def _stored(self, key: str) -> StoredReply | None:
        if self._ledger is not None:
            return await self._ledger.get(key)
        await asyncio.sleep(0)  # let the other samples of the row ask, as they do while a ledger is read
        return None

    def _told(self, call: AskedCall, reply: StoredReply | None) -> None:
        self._open.discard(call)
        if reply is None:
            self._heard.missing(call)
        else:
            self._heard.found(call, reply)

    async def settle(self) -> None:
        """Look up the calls whose rows did not wait for the reply."""
        keys = {call.key for call in self._open}
        found = await self._ledger.get_many(keys) if self._ledger is not None else {}
        for call in list(self._open):
            self._told(call, found.get(call.key))

    def halt(self) -> None:
        """Answer no more."""
        self._halted = True

    async def drain(self, patience_s: float) -> None:
        """Nothing is ever under way."""
