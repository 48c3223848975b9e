"""Calls on their way: past the limits of an endpoint and the budget of the run, and their replies into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atk_interp.ledger.base import Ledger
from atk_interp.llm.limits import Clock
from atk_interp.llm.messages import Client, ContextTooLong, Reply, Request
from atk_interp.llm.retry import RetryPolicy, Send, Waiting, call_with_patience
from atk_interp.runtime.budget import Meter
from atk_interp.runtime.embeddings import Batches
from atk_interp.runtime.endpoints import Endpoint
from atk_interp.runtime.events import Event, Waited
from atk_interp.runtime.flights import Halted
from atk_interp.runtime.refusals import refused_reply
from atk_interp.runtime.room import Room
from atk_interp.tokens import count_tokens

__all__ = ["UNCOMMITTED_SHARE", "Sender"]

UNCOMMITTED_SHARE = 4
"""For so many places at the endpoints, one reply may wait for the disk whose call has given its place back (at least
one in all). A kill can cost those replies, and the calls that have places."""


class Sender:
    """Sends the calls of one run, until it is halted. Who sends one has reserved its key in the ledger."""

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        ledger: Ledger,
        emit: Callable[[Event], None],
        policy: RetryPolicy,
        clock: Clock,
        room: Room,
    ) -> None:
        self._ledger = ledger
        self._emit = emit
        self._policy = policy
        self._clock = clock
        self.room = room
        self._batches: dict[str, Batches] = {}
        self.halted = False
        self.meter: Meter | None = None
        self.sending: set[str] = set()
        """The flights that are on the wire: what they bring is paid, whatever becomes of the run."""
        self.most_uncommitted = max(1, _places(endpoints) // UNCOMMITTED_SHARE)
        self.uncommitted = 0
        """How many replies wait for the disk whose calls have given their places back."""

    async def reply(
        self,
        flight: str,
        key: str,
        request: Request,
        endpoint: Endpoint,
        priority: tuple[int, ...],
        stay: bool = True,
    ) -> Reply:
        """The reply to a request, as it stands in the ledger under its key. `flight` is what `sending` has meanwhile.

        Raises `Halted`, `OutOfBudget`, and what the endpoint gives as a reason.
        """
        self.check()  # now, and again when it has a place
        if request.embeds is not None:
            batches = self._batches.get(endpoint.slot)
            if batches is None:
                batches = self._batches[endpoint.slot] = Batches(endpoint, self)
            return await batches.reply(request, key, priority)
        tokens = _estimate(request) if endpoint.config.tokens_per_minute else 0
        gate = _Gate(self, self._ledger, flight, key, endpoint.slot)
        try:
            reply = await self.post(endpoint, request, gate.send, priority, tokens, stay)
            return await gate.commit(request, reply)
        finally:
            gate.leave()

    async def post(
        self,
        endpoint: Endpoint,
        request: Request,
        send: Send,
        priority: tuple[int, ...],
        tokens: int,
        stay: bool = True,
    ) -> Reply:
        """The reply, through the limits of an endpoint and with patience for its failures."""

        def say(waiting: Waiting) -> None:
            if self.halted:
                raise Halted
            self._emit(Waited(endpoint.slot, str(waiting)))

        return await call_with_patience(
            send,
            request,
            endpoint.pool,
            self._policy,
            self._clock,
            say,
            priority=priority,
            tokens=tokens,
            stay=stay,
        )

    def check(self) -> None:
        """Raise `Halted` when no call is sent any more, and `OutOfBudget` when there is nothing left to pay it with."""
        if self.halted:
            raise Halted
        if self.meter is not None:
            self.meter.check()

    async def keep(self, slot: str, key: str, request: Request, reply: Reply) -> Reply:
        """Put a reply that was paid for into the ledger; the one that stands there."""
        if self.meter is not None:
            self.meter.add(slot, request, reply)
        sent = request.sent()
        return await self.room.insist(lambda: self._ledger.put(key, reply, sent), self.going_on)

    def going_on(self) -> bool:
        """Whether calls are still sent."""
        return not self.halted


class _Gate:
    """The way of one call to an address and into the ledger, closed once the run is ending.

    A call gives its place at the endpoint back as soon as its reply is there: the next one need not wait for the disk.
    But only so many replies wait for the disk like this (`UNCOMMITTED_SHARE`); further ones keep their places until
    they are committed. So what can be lost with the process is bounded, however slow the disk is.
    """

    def __init__(self, sender: Sender, ledger: Ledger, flight: str, key: str, slot: str) -> None:
        self._sender = sender
        self._ledger = ledger
        self._flight = flight
        self._key = key
        self._slot = slot
        self._waits_without_place = self._committed = False

    async def send(self, client: Client, request: Request) -> Reply:
        """The reply of an address; it is committed, unless it may wait for the disk without a place."""
        self._sender.check()
        meter = self._sender.meter
        self._sender.sending.add(self._flight)
        try:
            try:
                reply = await client.complete(request)
                if meter is not None:
                    meter.add(self._slot, request, reply)
            except ContextTooLong as refusal:
                reply = refused_reply(request, refusal)
            if self._sender.uncommitted < self._sender.most_uncommitted:
                self._sender.uncommitted += 1
                self._waits_without_place = True
                return reply
            reply = await self._put(request, reply)
        except BaseException:
            self._sender.sending.discard(self._flight)
            raise
        self._committed = True
        return reply

    async def commit(self, request: Request, reply: Reply) -> Reply:
        """The reply that stands in the ledger."""
        return reply if self._committed else await self._put(request, reply)

    def leave(self) -> None:
        """The call is over, one way or the other."""
        self._sender.uncommitted -= self._waits_without_place
        self._sender.sending.discard(self._flight)

    async def _put(self, request: Request, reply: Reply) -> Reply:
        sent = request.sent()
        return await self._sender.room.insist(lambda: self._ledger.put(self._key, reply, sent), self._sender.going_on)


def _places(endpoints: Mapping[str, Endpoint]) -> int:
    """How many calls may be in flight at a time."""
    addresses = {address for endpoint in endpoints.values() for address in endpoint.pool.addresses}
    return sum(address.limiter.governor.most for address in addresses)


def _estimate(request: Request) -> int:
    """Tokens of a request and its reply, roughly: for limits per minute."""
    sent = sum(count_tokens(message.content) + 4 for message in request.messages) + count_tokens(request.prompt or "")
    limit = request.sampling.get("max_tokens")
    return sent + (limit // 2 if isinstance(limit, int) else 500)
