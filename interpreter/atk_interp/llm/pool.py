"""The addresses behind one endpoint: who is asked next, and what becomes of calls when one of them stays away."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Collection, Hashable, Sequence

from atk_interp.llm.breaker import Breaker, RetryPolicy
from atk_interp.llm.limits import Clock, Limiter, LimiterStatistics, Priority
from atk_interp.llm.messages import Client, EndpointDown, RateLimited, Reply
from atk_interp.records import dataclass

__all__ = ["Address", "Away", "Place", "Pool"]


class Away(Exception):
    """All addresses are away, and the caller has somebody else to ask."""


class Address:
    """One address at work: its client, its limits, whether it is there. Pools that have it in common share it all.

    One event loop; many tasks.
    """

    def __init__(self, client: Client, limiter: Limiter, breaker: Breaker, name: str = "") -> None:
        self.client = client
        self.limiter = limiter
        self.breaker = breaker
        self.name = name or breaker.name
        self.pools: list[Pool] = []

    def load(self) -> tuple[bool, float]:
        """What to compare when one is to be chosen: who need not wait, then who is used least."""
        return self.limiter.rated and self.limiter.ready_in_s() > 0, self.limiter.in_use / self.limiter.governor.limit

    def changed(self) -> None:
        """A place may have become free: whoever waits for one, in whichever pool, is looked at by priority."""
        pools = self.pools
        if len(pools) == 1:
            pools[0].wake()
        else:
            for pool in sorted(pools, key=Pool.first_priority):
                pool.wake()


@dataclass(slots=True)
class Place:
    """Leave to make one call at an address. Say what came of it, then `leave`."""

    address: Address
    _pool: Pool
    _epoch: int
    _tokens: int
    _probe: bool

    @property
    def client(self) -> Client:
        return self.address.client

    def replied(self, reply: Reply, model: str) -> None:
        """The call got its reply."""
        limiter, used = self.address.limiter, reply.usage
        if limiter.rated:
            limiter.settle((used.input + used.output or self._tokens) - self._tokens)
        size = used.output or (len(reply.text) + len(reply.reasoning)) // 4
        limiter.replied(self._epoch, _sort(model, used.input, size), reply.seconds)
        if self.address.breaker.replied():
            self._back()

    def refused(self) -> None:
        """The address answered, and will not take this call."""
        if self.address.breaker.answered():
            self._back()

    def failed(self, error: EndpointDown, pause_s: float = 0.0) -> None:
        """The call brought no reply. `pause_s` is what the address asked for."""
        address, now = self.address, self._pool.now()
        if isinstance(error, RateLimited):
            address.limiter.pushed_back(self._epoch, pause_s)
            if address.breaker.pushed_back(error, now):
                self._back()
            return
        address.limiter.failed(self._epoch)
        if address.breaker.failed(error, now, probe=self._probe):
            self._pool.gone_away(address)

    def shut(self, error: EndpointDown, seconds: float) -> None:
        """The address wants no call for longer than a call may wait."""
        if self.address.breaker.shut_for(seconds, error, self._pool.now()):
            self._pool.gone_away(self.address)

    def leave(self) -> None:
        """Give the place back."""
        self.address.limiter.leave()
        if self._probe:
            self.address.breaker.probing = False
        self.address.changed()

    def _back(self) -> None:
        if self._probe:  # else a call brought it that was sent before: nothing was away
            self.address.limiter.governor.begin_again(self._pool.now())
        self.address.changed()


def _sort(model: str, asked: int, said: int) -> Hashable:
    """Equal for calls that should take about as long: each doubling of the prompt, half of one of the reply."""
    return model, asked.bit_length(), (said * said).bit_length()


class Pool:
    """Hands out places at its addresses: at the one that is used least of what it allows now, healthy ones first.

    Who waits is served by priority, then by arrival, as soon as any address has a place. A caller first gets its
    place and then waits for the rate, so the order is that of the places.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.addresses = tuple(addresses)
        self.policy = policy or RetryPolicy()
        self.resting = 0
        """How many calls wait before they are tried again: they have no place, and are in no queue."""
        self._clock = clock or Clock()
        self._waiting: list[tuple[Priority, int, asyncio.Future[Place], bool]] = []
        self._arrivals = 0
        self._alarm: asyncio.Task[None] | None = None
        for address in self.addresses:
            address.pools.append(self)

    def now(self) -> float:
        return self._clock.now()

    @property
    def away(self) -> bool:
        """Whether no address is there. One of them may be due for a probe."""
        return all(address.breaker.is_open for address in self.addresses)

    @property
    def gone(self) -> bool:
        """Whether all addresses have failed for so long that waiting on makes no sense."""
        now = self.now()
        return all(address.breaker.gone(now) for address in self.addresses)

    @property
    def sendable(self) -> bool:
        """Whether a call that came now could be sent, at once or in its turn: also one that tries an address again."""
        now = self.now()
        return any(not address.breaker.is_open or address.breaker.due(now) for address in self.addresses)

    def another(self, tried: Collection[Address]) -> bool:
        """Whether there is a healthy address that was not tried."""
        return any(not address.breaker.is_open and address not in tried for address in self.addresses)

    async def admit(
        self, priority: Priority = (), tokens: int = 0, avoid: Collection[Address] = (), *, stay: bool = True
    ) -> Place:
        """Wait until a call of about so many tokens may be sent. Whoever is admitted must `leave`.

        Raises `Away` at once, unless the caller would `stay`, when every address is away.
        """
        while True:
            address = self._best(avoid) if not self._waiting else None
            if address is not None:
                place = self._take(address)
            elif not stay and not self.sendable:
                raise Away
            else:
                place = await self._queue(priority, stay)
            wait = place.address.limiter.rate_wait_s(tokens)
            place._tokens = tokens
            if wait <= 0:
                return place
            try:
                await self._clock.sleep(wait)
            except BaseException:
                place.leave()
                raise
            if place._probe or not place.address.breaker.is_open:
                return place
            place.leave()

    def wake(self) -> None:
        """Give places to those that wait, as far as there are any."""
        waiting = self._waiting
        while waiting:
            if not waiting[0][2].done():
                address = self._best()
                if address is None:
                    break
                waiting[0][2].set_result(self._take(address))
            heapq.heappop(waiting)
        if waiting and self._alarm is None:
            self._set_alarm()

    def first_priority(self) -> Priority:
        """That of the first who waits; nobody is last."""
        return self._waiting[0][0] if self._waiting else (2**62,)

    def gone_away(self, address: Address) -> None:
        """An address has gone away: those who have somebody else to ask need not wait for it."""
        for pool in address.pools:
            if not pool.sendable:
                for _, _, future, stay in pool._waiting:
                    if not stay and not future.done():
                        future.set_exception(Away())

    def statistics(self) -> LimiterStatistics:
        """What goes on now at all addresses together: for progress and the reports."""
        waiting = sum(not future.done() for _, _, future, _ in self._waiting)
        limiters = [address.limiter for address in self.addresses]
        breakers = [address.breaker for address in self.addresses]
        failing = all(breaker.failures for breaker in breakers)
        since = max(breaker.failing_since for breaker in breakers)
        return LimiterStatistics(
            sum(limiter.governor.limit for limiter in limiters),
            sum(limiter.governor.most for limiter in limiters),
            sum(limiter.in_use for limiter in limiters),
            waiting,
            sum(limiter.granted for limiter in limiters),
            sum(breaker.replies for breaker in breakers),
            sum(breaker.failures for breaker in breakers) if failing else 0,
            self.now() - since if failing else 0.0,
        )

    async def aclose(self) -> None:
        """Let go of the connections. Shared addresses may be closed by each of their pools."""
        if self._alarm is not None:
            self._alarm.cancel()
            await asyncio.wait([self._alarm])
        for address in self.addresses:
            await address.client.aclose()

    def _best(self, avoid: Collection[Address] = ()) -> Address | None:
        """The address for the next call; None when it has to wait."""
        if len(self.addresses) == 1:
            address = self.addresses[0]
            return address if self._takes(address) else None
        fit = [address for address in self.addresses if self._takes(address)]
        fit = [address for address in fit if address not in avoid] or fit
        # One that was away is tried first: nobody else does it, and a call that fails there goes on at once.
        return min(fit, key=lambda address: (not address.breaker.is_open, address.load()), default=None)

    def _takes(self, address: Address) -> bool:
        if address.breaker.is_open:
            return address.breaker.due(self.now())
        return address.limiter.free

    def _take(self, address: Address) -> Place:
        probe = address.breaker.is_open
        if probe:
            address.breaker.probing = True
        return Place(address, self, address.limiter.take(), 0, probe)

    async def _queue(self, priority: Priority, stay: bool) -> Place:
        future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (priority, self._arrivals, future, stay))
        self.wake()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                future.result().leave()  # given and taken away in the same tick
            else:
                self.wake()
            raise

    def _set_alarm(self) -> None:
        """When every address is away, nothing happens by itself: be woken for the next probe."""
        if self.away and self._next_probe() is not None:
            self._alarm = asyncio.get_running_loop().create_task(self._ring())

    def _next_probe(self) -> float | None:
        breakers = [address.breaker for address in self.addresses]
        return min((known.probe_at for known in breakers if known.is_open and not known.probing), default=None)

    async def _ring(self) -> None:
        try:
            while self._waiting and self.away:
                moment = self._next_probe()
                if moment is None:  # a probe is under way: what becomes of it wakes the others
                    break
                await self._clock.sleep(max(0.0, moment - self.now()))
                self.wake()
        finally:
            self._alarm = None
