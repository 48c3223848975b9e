"""Whether an address is there: after several calls in a row that got no answer, only one goes out now and then."""

from __future__ import annotations

import random

from atk_interp.llm.messages import EndpointDown
from atk_interp.records import dataclass

__all__ = ["Breaker", "RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to hope, in seconds.

    A call fails for good after `tries` failures while others get replies. It waits for `first_wait_s` between them, and
    twice as long each time, up to `longest_wait_s`, while most other calls fail, too; each wait is shortened by up to
    half, at random, so that calls that failed together do not come back together; all are `max_wait_s` at most. To be
    asked to wait, or to find the endpoint away, is no failure of the call.

    An address is away after `gone_failures` calls in a row without any answer: one call tries it again, at intervals
    that grow in the same way. When all addresses have brought nothing for `gone_after_s`, the endpoint counts as gone;
    after `unreached_after_s` when it never answered any call.
    """

    tries: int = 8
    max_wait_s: float = 600.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    gone_failures: int = 5
    gone_after_s: float = 120.0
    unreached_after_s: float = 30.0


class Breaker:
    """The circuit breaker of one address (M. Nygard, *Release It!*): closed while calls may go out.

    `failures` are those since the last reply, the first of them at `failing_since`. The breaker knows no clock; all
    times are handed to it.
    """

    def __init__(self, policy: RetryPolicy, name: str) -> None:
        self.name = name
        self.is_open = False
        self.probing = False
        self.shut = False
        """Whether the address has said itself that no call may come for longer than a call may wait."""
        self.probe_at = 0.0
        self.failures = self.replies = 0
        self.failing_since = 0.0
        self.last: EndpointDown | None = None
        self._policy = policy
        self._unanswered = self._probes = 0

    def due(self, now: float) -> bool:
        """Whether it is time for a probe."""
        return self.is_open and not self.probing and now >= self.probe_at

    def replied(self) -> bool:
        """A call got its reply; whether that is news."""
        self.replies += 1
        self.failures = 0
        return self._close()

    def answered(self) -> bool:
        """The address refused a call, in words: it is there. Whether that is news."""
        return self._close()

    def pushed_back(self, error: EndpointDown, now: float) -> bool:
        """The address asked for time: it is there. Whether that is news."""
        self._count(error, now)
        return self._close()

    def failed(self, error: EndpointDown, now: float, *, probe: bool) -> bool:
        """A call got no answer; whether the address counts as away from now on."""
        self._count(error, now)
        self._unanswered += 1
        if self.is_open:
            if probe:
                self._wait(now)
            return False
        if self._unanswered < self._policy.gone_failures:
            return False
        self.is_open = True
        self._wait(now)
        return True

    def shut_for(self, seconds: float, error: EndpointDown, now: float) -> bool:
        """The address wants no call for so long; whether it counts as away from now on."""
        self._count(error, now)
        opened = not self.is_open
        self.is_open = self.shut = True
        self.probe_at = now + seconds
        return opened

    def gone(self, now: float) -> bool:
        """Whether it has failed for so long that waiting on makes no sense."""
        policy = self._policy
        patience_s = policy.gone_after_s if self.replies else policy.unreached_after_s
        return self.shut or (self.failures >= policy.gone_failures and now - self.failing_since >= patience_s)

    def patience_left_s(self, now: float) -> float:
        """Seconds until a failing address counts as gone."""
        policy = self._policy
        patience_s = policy.gone_after_s if self.replies else policy.unreached_after_s
        return max(0.0, self.failing_since + patience_s - now)

    def _count(self, error: EndpointDown, now: float) -> None:
        self.last = error
        if self.failures == 0:
            self.failing_since = now
        self.failures += 1

    def _wait(self, now: float) -> None:
        """Set the time of the next probe; the last of them is when patience ends."""
        longest = min(self._policy.first_wait_s * 2.0 ** min(self._probes, 30), self._policy.longest_wait_s)
        self._probes += 1
        wait = longest * (1 - random.Random(f"{self.name}:{self._probes}").random() / 2)
        left = self.patience_left_s(now)
        self.probe_at = now + (min(wait, left) if left > 0 else wait)

    def _close(self) -> bool:
        self._unanswered = self._probes = 0
        closed, self.is_open, self.shut = self.is_open, False, False
        return closed
