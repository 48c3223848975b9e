"""How many calls an address is sent at a time, found out from how it takes them.

The number begins at the ceiling that the user set and is looked at again after every *window*, which is as many
answers as calls are allowed (at least 16, and 32 for latencies). Two signs make it fall:

- **Strain**: more calls are pushed back, or fail, than usually. The number falls to what the endpoint has really been
  serving (bandwidth times delay, the greatest of the last windows, as in BBR), at most to half, and on while half of
  all calls fail: the share at which Google's clients hold back (*Site Reliability Engineering*, chapter 21, K = 2).
- **Slowness**: replies take twice the time that replies of this size usually take, in the geometric mean of a window
  against a long memory (the gradient of Netflix's *concurrency-limits*, "Gradient2"). Calls are compared with calls of
  the same model whose prompt and reply are about as long, so that it does not matter which step asks; and the
  geometric mean is not moved by a heavy tail. For an endpoint that was slow from the beginning there is no such
  memory: now and then, at growing intervals, fewer calls are tried without a sign (as Envoy measures its `minRTT`).

Neither is proof that fewer calls would be better: an endpoint may refuse at random, or be slow because of others. So
a smaller number is a **trial**. It stays only when it helps: when the share of failures falls by a third, or when by
Little's law (calls at a time / time of a call) a quarter more gets done. Else the number goes back, and the sign is
taken for what is usual here.

It grows by an eighth after a window without a sign in which all places were used, and goes back when less gets done
than before; each time that growing does no good, twice as many windows have to pass before the next time. No clock, no
tasks: told of answers, it says a number.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

from atk_interp.records import dataclass

__all__ = ["Governor"]

_LEAST_ANSWERS = 16
_LEAST_REPLIES = 32
_HALF = 0.5
_HELPS_STRAIN = 0.7
_HELPS_PACE = 1.25
_LEARNT = 0.1
"""How far the usual share of failures moves towards that of a window without a sign."""
_JUDGED_AFTER = 4
"""So many windows after growing, the new number is taken for good also when no latencies could be compared."""
_SLOW = 2.0
_MEMORY = 500
_LEAST_SEEN = 16
_FIRST_EXPLORATION = 8
_EXPLORED_SHARE = 0.7
_LEAST_EXPLORED = 8
_LONGEST_HOLD = 32
_REMEMBERED_WINDOWS = 8


@dataclass(slots=True)
class _Trial:
    """Fewer calls than `before`, to see whether that helps. `pace` tells which sign is on trial.

    `measure` is what it was like before, in so many `answers`: the share of failures, or the rate at which calls were
    done.
    """

    before: int
    measure: float
    answers: int
    pace: bool


class Governor:
    """The number of calls allowed at a time, `limit`, from 1 to `most`. Times are in seconds.

    `epoch` changes when the number falls or goes back: what a call brings that was sent before says nothing of the
    number since, so callers hand back the epoch in which a call began.
    """

    def __init__(self, most: int, now: float) -> None:
        self.most = self.limit = max(1, most)
        self.epoch = 0
        self._trial: _Trial | None = None
        self._usual = 0.0
        self._usually: dict[Hashable, list[float]] = {}
        self._hold = self._held = 1
        self._windows = 0
        self._explore_at = _FIRST_EXPLORATION
        self._began = now
        self._answers = self._strained = self._peak = self._compared = 0
        self._served = self._slower = 0.0
        self._settling = self.limit
        self._served_before: tuple[float, ...] = ()
        self._anchor = self.limit
        self._unjudged = 0
        self._ramp = 0

    def replied(self, epoch: int, in_use: int, sort: Hashable, seconds: float, now: float) -> None:
        """A call got its reply. `in_use` counts it; `sort` is equal for replies that should take about as long."""
        if epoch != self.epoch:
            return
        self._peak = max(self._peak, in_use)
        self._answers += 1
        self._served += seconds
        if self.limit < self._ramp:
            self.limit = self._anchor = self.limit + 1
        self._compare(sort, seconds)
        if self._compared >= max(_LEAST_REPLIES, self.limit):
            self._look_at_pace(now)
        self._look_at_strain(now)

    def strained(self, epoch: int, in_use: int, now: float) -> None:
        """A call was pushed back, or failed."""
        if epoch != self.epoch:
            return
        self._peak = max(self._peak, in_use)
        self._answers += 1
        self._strained += 1
        self._look_at_strain(now)

    def begin_again(self, now: float) -> None:
        """The endpoint was away and is back: few calls at first, so that it does not fall over again.

        One more after each reply, up to what there was before (the slow start of TCP, RFC 5681).
        """
        self._ramp = max(self._ramp, self.limit)
        self._change(min(self.limit, max(1, self.most // 8)), now)
        self._trial = None
        self._hold = self._held = 1

    # -- strain ---------------------------------------------------------------------------------------------------

    def _look_at_strain(self, now: float) -> None:
        if self._answers < max(_LEAST_ANSWERS, self.limit):
            return
        share = self._strained / self._answers
        unusual = self._strained > self._expected(self._answers)
        trial = self._trial
        if trial is not None and not trial.pace:
            if share >= _HALF and self.limit > 1:
                self._shrink(now)
            elif not _fell(trial.measure, trial.answers, share, self._answers):
                self._trial = None
                self._usual = (share + trial.measure) / 2
                self._change(trial.before, now)
            else:
                self._trial = None
                self._windows_again(now)
        elif unusual and self.limit > self._anchor:
            self._undo_growth(now)
        elif unusual and (trial is None or share >= _HALF):
            before, answers = self.limit, self._answers
            self._shrink(now)
            self._trial = _Trial(before, share, answers, pace=False)
        else:
            self._usual += _LEARNT * (share - self._usual)
            if trial is None:
                self._grow()
            self._windows_again(now)

    def _expected(self, answers: int) -> float:
        """The most failures that are usual among so many answers: three standard deviations above the mean."""
        mean = self._usual * answers
        return mean + 3 * math.sqrt(mean) + 1

    def _shrink(self, now: float) -> None:
        """To what the endpoint has been working on, if that is known and less than what it was sent."""
        used = min(self.limit, self._peak)
        served = math.ceil(max((self._serving(now), *self._served_before)))
        self._ramp, self._held = 0, self._hold
        self._change(max(used // 2, min(served, used - 1)), now)

    def _serving(self, now: float) -> float:
        """How many calls the endpoint has been working on, in the mean of the window."""
        elapsed = now - self._began
        return self._served / elapsed if elapsed > 0 else 0.0

    def _grow(self) -> None:
        """An eighth more, when what there is was used, and what it grew to before has proved itself."""
        if self.limit > self._anchor:
            self._unjudged += 1
            if self._unjudged < _JUDGED_AFTER:
                return
            self._keep_growth()
        if self._peak < self.limit or self.limit >= self.most:
            return
        self._held -= 1
        if self._held > 0:
            return
        self.limit = min(self.most, self.limit + max(1, self.limit // 8))
        self._unjudged = 0
        self._settling = self.limit
        self._compared, self._slower = 0, 0.0

    def _keep_growth(self) -> None:
        self._anchor = self.limit
        self._hold = self._held = max(1, self._hold // 2)

    def _undo_growth(self, now: float) -> None:
        self._held = self._hold = min(_LONGEST_HOLD, 2 * self._hold)
        self._change(self._anchor, now)

    # -- slowness -------------------------------------------------------------------------------------------------

    def _compare(self, sort: Hashable, seconds: float) -> None:
        logarithm = math.log(max(seconds, 1e-4))
        usually = self._usually.get(sort)
        if usually is None:
            self._usually[sort] = [logarithm, 1]
            return
        mean, count = usually
        if self._settling > 0:  # those that come back first are the quick ones
            self._settling -= 1
        elif count >= max(_LEAST_SEEN, min(2 * self.limit, _MEMORY)):
            self._slower += logarithm - mean
            self._compared += 1
        if self.limit <= self._anchor and (self._trial is None or not self._trial.pace):
            usually[1] = min(count + 1, _MEMORY)
            usually[0] += (logarithm - mean) / usually[1]

    def _look_at_pace(self, now: float) -> None:
        slower = self._slower / self._compared
        self._compared, self._slower = 0, 0.0
        trial = self._trial
        if trial is not None and not trial.pace:
            return
        self._windows += 1
        rate = self.limit / math.exp(slower)
        if trial is not None:
            self._trial = None
            if rate < _HELPS_PACE * trial.measure:
                self._change(trial.before, now)
                self._take_as_usual(math.log(trial.before / trial.measure))
            else:
                self._take_as_usual(slower)
                self._try_fewer(self.limit, now)  # where fewer help, still fewer may
            return
        used_up = self._peak >= self.limit
        if self.limit > self._anchor:
            if rate < self._anchor:  # less gets done than before it grew
                self._undo_growth(now)
            else:
                self._keep_growth()
                self._take_as_usual(slower)
        elif math.exp(slower) >= _SLOW and used_up:
            self._try_fewer(rate, now)
        elif self._windows >= self._explore_at and used_up:
            self._explore_at = 8 * self._windows
            self._try_fewer(rate, now)

    def _try_fewer(self, rate: float, now: float) -> None:
        if self.limit < _LEAST_EXPLORED and rate >= self.limit / _SLOW:
            return
        before = self.limit
        self._change(max(1, min(before - 1, int(before * _EXPLORED_SHARE))), now)
        if self.limit < before:
            self._trial = _Trial(before, rate, 0, pace=True)

    def _take_as_usual(self, slower: float) -> None:
        """What was measured now is what to compare with."""
        for usually in self._usually.values():
            usually[0] += slower

    # -- windows --------------------------------------------------------------------------------------------------

    def _change(self, limit: int, now: float) -> None:
        self.limit = max(1, min(self.most, limit))
        self._anchor = self.limit
        self.epoch += 1
        self._open_windows(now)

    def _open_windows(self, now: float) -> None:
        self._windows_again(now)
        self._settling = self.limit
        self._compared, self._slower = 0, 0.0

    def _windows_again(self, now: float) -> None:
        if self._answers:
            self._served_before = (*self._served_before[1 - _REMEMBERED_WINDOWS :], self._serving(now))
        self._began = now
        self._answers = self._strained = self._peak = 0
        self._served = 0.0


def _fell(before: float, answers: int, after: float, later: int) -> bool:
    """Whether a share is so much smaller than before that it is no chance: by two standard deviations of the two."""
    mean = (before * answers + after * later) / (answers + later)
    chance = math.sqrt(mean * (1 - mean) * (1 / answers + 1 / later))
    return after <= _HELPS_STRAIN * before and before - after >= 2 * chance
