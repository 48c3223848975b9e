"""How many calls an endpoint gets at a time and per minute, and whether it is well."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from dataclasses import field
from types import TracebackType

from atk_interp.records import dataclass

__all__ = ["Clock", "Limiter", "LimiterStatistics", "Priority", "Slot"]

Priority = tuple[int, ...]
"""Which waiting call goes first: the lower tuple; equal ones in order of arrival."""

_BURST_S = 1.0
"""A rate per minute is kept over every stretch longer than this: one second's worth may go at once."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the limits see it, in seconds; tests pass their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class LimiterStatistics:
    """How an endpoint is used at this moment. `limit` is what is allowed now, `most` what was configured.

    `failures` are those since the last success, the first of them `failing_s` ago; `granted` counts from the start.
    """

    limit: int
    most: int
    in_use: int
    waiting: int
    granted: int
    succeeded: int
    failures: int
    failing_s: float


@dataclass(slots=True)
class Slot:
    """Leave to make one call, for the block that it is entered with. Tell it what the call really used."""

    _limiter: Limiter
    _priority: Priority
    _reserved: int

    async def __aenter__(self) -> Slot:
        await self._limiter.admit(self._priority, self._reserved)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limiter.leave()

    def used(self, tokens: int) -> None:
        """The tokens of the call, in place of the estimate it was let in with."""
        self._limiter.settle(tokens - self._reserved)
        self._reserved = tokens


@dataclass(slots=True)
class _Bucket:
    """Units that run in at a steady rate. Taking more than there are means to wait for the debt to be paid."""

    per_minute: float
    level: float = field(init=False)
    filled_at: float

    def __post_init__(self) -> None:
        self.level = self._capacity

    @property
    def _capacity(self) -> float:
        return max(1.0, self.per_minute / 60 * _BURST_S)

    def take(self, units: float, now: float) -> float:
        """Take some; returns the seconds to wait before using them."""
        rate = self.per_minute / 60
        self.level = min(self._capacity, self.level + (now - self.filled_at) * rate) - units
        self.filled_at = now
        return max(0.0, -self.level / rate)


class Limiter:
    """At most `concurrency` calls at a time to one endpoint, at most so many calls and tokens per minute.

    The number allowed at a time adapts: halved when the endpoint pushes back, one more after as many successes
    in a row as are allowed, up to `concurrency`. Who waits is served by priority, then by arrival. A caller first
    gets its place and then waits for the rate, so the order is that of the places.
    One event loop; many tasks. The caller reports what came of a call: `succeeded`, `failed`, `pushed_back`.
    """

    def __init__(
        self,
        concurrency: int,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or Clock()
        now = self._clock.now()
        self._most = self._limit = max(1, concurrency)
        self._requests = _Bucket(requests_per_minute, now) if requests_per_minute else None
        self._tokens = _Bucket(tokens_per_minute, now) if tokens_per_minute else None
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._arrivals = self._in_use = self._granted = 0
        self._in_a_row = self._succeeded = self._failures = 0
        self._failing_since = self._paused_until = self._halved_at = now

    def slot(self, priority: Priority = (), tokens: int = 0) -> Slot:
        """Leave for one call of about so many tokens, given back at the end of the block."""
        return Slot(self, priority, tokens)

    async def admit(self, priority: Priority, tokens: int) -> None:
        """Wait until the call may be made. Who is admitted must `leave`; a `slot` sees to both."""
        await self._place(priority)
        wait = self._wait_for_rate(tokens)
        if wait > 0:
            try:
                await self._clock.sleep(wait)
            except BaseException:
                self.leave()
                raise

    def leave(self) -> None:
        """Give back what `admit` gave."""
        self._in_use -= 1
        self._wake()

    def succeeded(self) -> None:
        """A call got its reply."""
        self._succeeded += 1
        self._failures = 0
        self._in_a_row += 1
        if self._in_a_row >= self._limit < self._most:
            self._in_a_row = 0
            self._limit += 1
            self._wake()

    def failed(self) -> None:
        """A call brought no reply."""
        if self._failures == 0:
            self._failing_since = self._clock.now()
        self._failures += 1
        self._in_a_row = 0

    def pushed_back(self, pause_s: float = 0.0) -> None:
        """The endpoint asked for less: allow half as many at a time, and none for `pause_s` seconds.

        Calls sent before the last halving say nothing new: within a second of it nothing is halved again.
        """
        self.failed()
        now = self._clock.now()
        self._paused_until = max(self._paused_until, now + pause_s)
        if self._limit == self._most or now - self._halved_at >= 1.0:
            self._halved_at = now
            self._limit = max(1, self._limit // 2)

    def settle(self, tokens: int) -> None:
        """Take more tokens (or, below zero, give some back): the estimate of a call was so far off."""
        if self._tokens is not None:
            self._tokens.take(tokens, self._clock.now())

    def statistics(self) -> LimiterStatistics:
        """What goes on now: for progress, the reports and the decision that an endpoint is gone."""
        waiting = sum(not future.done() for _, _, future in self._waiting)
        failing_s = self._clock.now() - self._failing_since if self._failures else 0.0
        return LimiterStatistics(
            self._limit, self._most, self._in_use, waiting, self._granted, self._succeeded, self._failures, failing_s
        )

    async def _place(self, priority: Priority) -> None:
        if self._in_use < self._limit and not self._waiting:
            self._in_use += 1
            self._granted += 1
            return
        future = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (priority, self._arrivals, future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # given and taken away in the same tick
                self._in_use -= 1
            self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting and (self._waiting[0][2].done() or self._in_use < self._limit):
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                self._in_use += 1
                self._granted += 1
                future.set_result(None)

    def _wait_for_rate(self, tokens: int) -> float:
        now = self._clock.now()
        wait = self._paused_until - now
        if self._requests is not None:
            wait = max(wait, self._requests.take(1, now))
        if self._tokens is not None:
            wait = max(wait, self._tokens.take(tokens, now))
        return wait
