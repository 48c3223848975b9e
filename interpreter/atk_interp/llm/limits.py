"""How many calls one address gets at a time and per minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import field

from atk_interp.llm.governor import Governor
from atk_interp.records import dataclass

__all__ = ["Clock", "Limiter", "LimiterStatistics", "Priority"]

Priority = tuple[int, ...]
"""Which waiting call goes first: the lower tuple; equal ones in order of arrival."""

_BURST_S = 1.0
"""A rate per minute is kept over every stretch longer than this: one second's worth may go at once."""

_LONG_S = 5.0
"""A wait for a rate that is worth a word."""

_FEW, _MANY = 16, 32
"""How many of the last answers tell whether an address pushes back altogether: with few calls at a time, fewer."""


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
    """At most `concurrency` calls at a time to one address, at most so many calls and tokens per minute.

    The number allowed at a time adapts to how the address takes them (`Governor`). Here nothing waits and nothing is
    in a queue: a `Pool` does that, asks whether there is a place, takes it, and tells what came of the call.
    """

    def __init__(
        self,
        concurrency: int,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        clock: Clock | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._clock = clock or Clock()
        self._say = say
        """Told once, when a rate makes calls wait for so long that one may wonder."""
        now = self._clock.now()
        self.governor = Governor(concurrency, now)
        self._requests = _Bucket(requests_per_minute, now) if requests_per_minute else None
        self._tokens = _Bucket(tokens_per_minute, now) if tokens_per_minute else None
        self._paused_until = now
        self._asked, self._failed = 0, (1 << _MANY) - 1
        """The last answers, a bit for each: which of them asked for a pause, and which brought no reply."""
        self.in_use = self.granted = 0
        self.rated = self._requests is not None or self._tokens is not None

    @property
    def free(self) -> bool:
        """Whether there is a place for one more call."""
        return self.in_use < self.governor.limit

    def take(self) -> int:
        """Take a place, to be given back with `leave`; returns the epoch to hand back with what comes of the call."""
        self.in_use += 1
        self.granted += 1
        return self.governor.epoch

    def leave(self) -> None:
        """Give a place back."""
        self.in_use -= 1

    def rate_wait_s(self, tokens: int) -> float:
        """Count a call of so many tokens; the seconds to wait before it may be sent."""
        now = self._clock.now()
        wait = self._paused_until - now
        for name, bucket, units in (("requests", self._requests, 1), ("tokens", self._tokens, tokens)):
            if bucket is not None:
                for_it = bucket.take(units, now)
                if for_it > _LONG_S and self._say is not None:
                    self._say(f"calls wait for `{name}_per_minute: {bucket.per_minute:g}`: {for_it:.0f} s now")
                    self._say = None
                wait = max(wait, for_it)
        return wait

    def ready_in_s(self) -> float:
        """The seconds until a call may be sent to an address that asked for a pause or has had its minute's worth."""
        now = self._clock.now()
        owed = [
            -bucket.level * 60 / bucket.per_minute - (now - bucket.filled_at)
            for bucket in (self._requests, self._tokens)
            if bucket is not None
        ]
        return max(0.0, self._paused_until - now, *owed)

    def pause_s(self) -> float:
        """For how many seconds more the address has asked for no calls at all."""
        return max(0.0, self._paused_until - self._clock.now())

    def settle(self, tokens: int) -> None:
        """Take more tokens (or, below zero, give some back): the estimate of a call was so far off."""
        if self._tokens is not None:
            self._tokens.take(tokens, self._clock.now())

    @property
    def well(self) -> bool:
        """Whether most of the last calls got their replies."""
        return self._failed.bit_count() < (_MANY if self.governor.limit > _FEW // 2 else _FEW) // 2

    def _note(self, asked: int, failed: int) -> int:
        """Remember an answer; how many are remembered."""
        last = _MANY if self.governor.limit > _FEW // 2 else _FEW
        kept = (1 << last) - 1
        self._asked = (self._asked << 1 | asked) & kept
        self._failed = (self._failed << 1 | failed) & kept
        return last

    def replied(self, epoch: int, sort: Hashable, seconds: float) -> None:
        """A call got its reply; see `Governor.replied`."""
        self._note(0, 0)
        self.governor.replied(epoch, self.in_use, sort, seconds, self._clock.now())

    def failed(self, epoch: int) -> None:
        """A call brought no reply."""
        self._note(0, 1)
        self.governor.strained(epoch, self.in_use, self._clock.now())

    def pushed_back(self, epoch: int, pause_s: float = 0.0) -> None:
        """The address asked for less, and to wait for `pause_s` seconds.

        That is for the call that it was said to. Only when half of the last answers said so it holds for all calls:
        who refuses one call in five at random must not be left alone for it.
        """
        now = self._clock.now()
        last = self._note(pause_s > 0, 1)
        if pause_s > 0 and self._asked.bit_count() >= last // 2:
            self._paused_until = max(self._paused_until, now + pause_s)
        self.governor.strained(epoch, self.in_use, now)
