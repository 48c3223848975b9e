"""Calls: from the ledger, or paid and in the ledger before any step sees the reply."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

from atk_interp.ledger.base import Ledger, LedgerError
from atk_interp.llm.limits import Clock
from atk_interp.llm.messages import (
    ContextTooLong,
    EndpointRefused,
    EndpointUnavailable,
    LlmError,
    Reply,
)
from atk_interp.llm.retry import RetryPolicy
from atk_interp.llm.vectors import Vector, vector_in
from atk_interp.plan import PlannedStep
from atk_interp.runtime.books import Books
from atk_interp.runtime.embeddings import embedding_request
from atk_interp.runtime.endpoints import Endpoint
from atk_interp.runtime.events import CallFailed, CallFinished, Event, Noted
from atk_interp.runtime.flights import Flights, Halted
from atk_interp.runtime.forms import FormTrials, KnownForms
from atk_interp.runtime.refusals import raise_refusal
from atk_interp.runtime.room import Room, RoomPolicy
from atk_interp.runtime.sending import Sender
from atk_interp.runtime.stand_ins import StandIns
from atk_interp.runtime.variants import Form, Variant, by_slot, first_recorded, variants
from atk_interp.values import Row, Value

__all__ = ["Calls", "Halted"]

_Landed = tuple[Reply, bool, str]
"""A reply, whether it was at hand, and the key under which the ledger has it."""


class Calls:
    """All calls of one run. Equal calls that are under way at once are made once."""

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        ledger: Ledger,
        books: Books,
        emit: Callable[[Event], None],
        policy: RetryPolicy,
        clock: Clock,
        room: Room | None = None,
        forms: KnownForms | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._ledger = ledger
        self._books = books
        self._emit = emit
        self._room = room or Room(emit, RoomPolicy(), clock)
        self.sender = Sender(endpoints, ledger, emit, policy, clock, self._room)
        self._pools = {endpoint.pool for endpoint in endpoints.values()}
        self._stand_ins = StandIns(endpoints, clock, lambda told: emit(Noted("", told, serious=True)))
        self._forms = FormTrials(forms or KnownForms(None), lambda told: emit(Noted("", told)))
        self._flights: Flights[_Landed] = Flights()
        self.carriers = self._flights.carriers
        self.reason: BaseException | None = None
        """Why no call is sent any more, when a call was the reason."""
        self.models: dict[str, set[str]] = {}
        """The names under which the endpoint of each slot has answered."""

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
        candidates = variants(self._endpoints, slot, messages, sampling, form, sample, attempt)
        return await self._answer(step, slot, candidates, sample, attempt, row)

    @property
    def resting(self) -> int:
        """How many calls wait to be tried again, and take no place meanwhile."""
        return sum(pool.resting for pool in self._pools)

    async def vectors(self, step: PlannedStep, slot: str, texts: Sequence[str], query: bool, row: Row) -> list[Vector]:
        """See `StepContext.embed`. To the ledger and the books each text is a call; they travel together."""
        target = self._endpoints[slot]
        asked = ((Variant(slot, embedding_request(target, text, query)),) for text in texts)
        replies = await asyncio.gather(*(self._answer(step, slot, one, 0, 0, row) for one in asked))
        return [vector_in(reply) for reply in replies]

    async def _answer(
        self, step: PlannedStep, slot: str, candidates: Sequence[Variant], sample: int, attempt: int, row: Row
    ) -> Reply:
        key = candidates[0].request.key()
        first = key not in self._flights

        def tell(landed: _Landed) -> None:
            raise_refusal(landed[0])
            self._tell(step, candidates, sample, attempt, row, landed, from_ledger=landed[1] or not first)

        def late(landed: _Landed) -> None:
            with contextlib.suppress(ContextTooLong):
                tell(landed)

        try:
            landed = await self._flights.ask(key, lambda: self._fetch(key, candidates, (-step.depth, *row.order)), late)
        except LlmError as error:
            if first:
                self._emit(CallFailed(step.name, row.id, slot, type(error).__name__, str(error)))
            raise
        tell(landed)
        return landed[0]

    def _tell(
        self,
        step: PlannedStep,
        candidates: Sequence[Variant],
        sample: int,
        attempt: int,
        row: Row,
        landed: _Landed,
        from_ledger: bool,
    ) -> None:
        """Put a call that is over into the books. One that nobody waited for any more was paid all the same."""
        reply, _, key = landed
        answered = _answered(candidates, key)
        slot = answered.slot
        if reply.model not in self.models.get(slot, ()):
            self._named(slot, reply.model)
        paid = (0, 0) if from_ledger else (reply.usage.input, reply.usage.output)
        self._books.call(step.name, from_ledger, *paid)
        self._emit(
            CallFinished(
                step.name,
                row.id,
                sample,
                attempt,
                key,
                from_ledger,
                reply.finish,
                reply.usage.input,
                reply.usage.output,
                round(reply.seconds, 3),
                slot,
                answered.request,
                reply,
            )
        )

    def _named(self, slot: str, model: str) -> None:
        """Note the name under which the model of a slot replies, and that it is another one than before."""
        names = self.models.setdefault(slot, set())
        if model and names - {""}:
            told = f"the model of `{slot}` replied as `{min(names - {''})}` before, and replies as `{model}` now"
            help_ = "one dataset has replies of both: `run.json` names them under `answered_as`"
            self._emit(Noted("", told, help=help_, serious=True))
        names.add(model)

    async def _fetch(self, key: str, candidates: Sequence[Variant], priority: tuple[int, ...]) -> _Landed:
        stored = await self._room.insist(lambda: self._ledger.reserve(key), self.sender.going_on)
        if stored is not None:
            return stored, True, key
        held = [key]
        try:
            if len(candidates) > 1:
                return await self._fetch_any(key, candidates, priority, held)
            best = candidates[0]
            return await self.sender.reply(key, key, best.request, self._endpoints[best.slot], priority), False, key
        except (EndpointRefused, EndpointUnavailable, LedgerError) as error:
            # Before the next call takes the place of this one, and is refused (or paid and not kept) in turn.
            self.halt(error)
            raise
        finally:
            for claim in held:
                self._ledger.release(claim)

    async def _fetch_any(
        self, flight: str, candidates: Sequence[Variant], priority: tuple[int, ...], held: list[str]
    ) -> _Landed:
        """The answer among several candidates.

        `held` is what is claimed: one key at a time, so that nobody waits in a circle.
        """
        recorded = await first_recorded(candidates[1:], self._ledger.get)
        if recorded is not None:
            return recorded[1], True, recorded[0].request.key()
        paid = True
        groups = by_slot(candidates)

        async def send(chosen: Variant) -> Reply:
            nonlocal paid
            key = chosen.request.key()
            if held != [key]:
                self._ledger.release(held.pop())
                stored = await self._room.insist(lambda: self._ledger.reserve(key), self.sender.going_on)
                if stored is not None:
                    paid = False
                    return stored
                held.append(key)
            stay = len(groups) == 1
            return await self.sender.reply(flight, key, chosen.request, self._endpoints[chosen.slot], priority, stay)

        async def ask(group: Sequence[Variant]) -> tuple[Variant, Reply]:
            best, *other = group
            if best.formed:
                return await self._forms.answer(self._endpoints[best.slot], best, other[0], send)
            return best, await send(best)

        answered, reply = await self._stand_ins.ask(groups, ask)
        return reply, not paid, answered.request.key()

    def halt(self, reason: BaseException | None = None) -> None:
        """No call is sent any more. Those that wait for a place or for a failed endpoint give up at once."""
        self.sender.halted = True
        self.reason = self.reason or reason
        self._flights.call_off(spares=self.sender.sending.__contains__)

    async def drain(self, patience_s: float) -> None:
        """Wait for the calls that are under way, so that what is paid is kept; cancel what takes longer."""
        self.halt()
        await self._flights.drain(patience_s)


def _answered(candidates: Sequence[Variant], key: str) -> Variant:
    """The candidate of the key."""
    return next((known for known in candidates[1:] if known.request.key() == key), candidates[0])
