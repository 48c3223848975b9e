"""Calls that are answered from the ledger alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from atk_interp.ledger.base import StoredReply
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import EndpointDown, Reply, Request
from atk_interp.llm.vectors import Vector, vector_in
from atk_interp.plan import PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Halted
from atk_interp.runtime.embeddings import embedding_request
from atk_interp.runtime.endpoints import Target
from atk_interp.runtime.flights import Carriers
from atk_interp.runtime.forms import KnownForms
from atk_interp.runtime.refusals import raise_refusal
from atk_interp.runtime.variants import Form, Variant, first_recorded, variants
from atk_interp.values import Row, Value

__all__ = ["AskedCall", "Heard", "NotRecorded", "Recall"]


@dataclass(frozen=True, slots=True, eq=False)
class AskedCall:
    """A call that a row asks for, exactly as a run would make it, or as it was made when the ledger has the reply."""

    step: PlannedStep
    slot: str
    row: Row
    sample: int
    attempt: int
    request: Request
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    """A call that has not been looked up: `candidates` are the requests that may answer it."""

    step: PlannedStep
    row: Row
    sample: int
    attempt: int
    candidates: tuple[Variant, ...]

    def call(self, variant: Variant) -> AskedCall:
        request = variant.request
        return AskedCall(self.step, variant.slot, self.row, self.sample, self.attempt, request, request.key())


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
        forms: KnownForms | None = None,
    ) -> None:
        self.carriers: Carriers = set()
        self.resting = 0
        self._targets = targets
        self._ledger = ledger
        self._books = books
        self._heard = heard
        self._forms = forms or KnownForms(None)
        self._open: set[_Open] = set()
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
        form: Form | None = None,
    ) -> Reply:
        """See `StepContext.call`. Raises `NotRecorded` for want of a reply.

        A row that the engine brings a second time, because a reply was missing at first, is not listened to.
        """
        place = (step.name, row.id, row.order)
        if self._halted:
            raise Halted
        if place in self._lost:
            raise NotRecorded("the ledger has no reply")
        candidates = variants(self._targets, slot, messages, sampling, form, sample, attempt)
        asked = _Open(step, row, sample, attempt, candidates)
        # When the reply to one sample is missing, its siblings are cancelled at any moment: `settle` sees to them.
        self._open.add(asked)
        found = await self._stored(asked.candidates)
        self._told(asked, found)
        if found is None:
            self._lost.add(place)
            raise NotRecorded("the ledger has no reply")
        raise_refusal(found[1])
        self._books.call(step.name, True, 0, 0)
        return found[1]

    async def vectors(self, step: PlannedStep, slot: str, texts: Sequence[str], query: bool, row: Row) -> list[Vector]:
        """See `StepContext.embed`. Raises `NotRecorded` for want of a vector, when all of them have been looked up."""
        if self._halted:
            raise Halted
        target = self._targets[slot]
        asked = [
            _Open(step, row, 0, 0, (Variant(slot, embedding_request(target, text, query)),))
            for text in dict.fromkeys(texts)
        ]
        found = await asyncio.gather(*map(self._looked_up, asked))
        for one, recorded in zip(asked, found, strict=True):
            self._told(one, recorded)
            if recorded is not None:
                self._books.call(step.name, True, 0, 0)
        known = {text: recorded[1] for text, recorded in zip(dict.fromkeys(texts), found, strict=True) if recorded}
        if len(known) < len(asked):
            raise NotRecorded("the ledger has no reply")
        for reply in known.values():
            raise_refusal(reply)
        return [vector_in(known[text]) for text in texts]

    async def _stored(self, candidates: Sequence[Variant]) -> tuple[Variant, StoredReply] | None:
        if self._ledger is not None:
            return await first_recorded(candidates, self._ledger.get)
        await asyncio.sleep(0)  # let the other samples of the row ask, as they do while a ledger is read
        return None

    def _told(self, asked: _Open, found: tuple[Variant, StoredReply] | None) -> None:
        self._open.discard(asked)
        if found is None:
            best = self._forms.best(self._targets[asked.candidates[0].slot], asked.candidates)
            self._heard.missing(asked.call(best))
        else:
            variant, reply = found
            self._heard.found(asked.call(variant), reply)

    async def settle(self) -> None:
        """Look up the calls whose rows did not wait for the reply."""
        waiting = list(self._open)
        for asked, found in zip(waiting, await asyncio.gather(*map(self._looked_up, waiting)), strict=True):
            self._told(asked, found)

    async def _looked_up(self, asked: _Open) -> tuple[Variant, StoredReply] | None:
        return await self._stored(asked.candidates)

    def halt(self) -> None:
        """Answer no more."""
        self._halted = True

    async def drain(self, patience_s: float) -> None:
        """Nothing is ever under way."""
