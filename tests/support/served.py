"""A model of an endpoint under load, in no time: what a `Governor` makes of it, event by event.

`play` keeps as many calls under way as the governor allows, and there is always another one waiting. Calls that are
refused come back at once; the caller waits a moment before that place is used again.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from atk_interp.llm.governor import Governor

__all__ = ["Load", "play"]

REFUSED_AFTER_S = 0.005


@dataclass
class Load:
    """What happened: replies per second, refusals, and the limit as it was after each answer, with its time."""

    seconds: float = 0.0
    replies: int = 0
    refused: int = 0
    limits: list[tuple[float, int]] = field(default_factory=list)

    def limit(self, share: float = 0.5) -> float:
        """The mean limit over the last part of the time."""
        late = [limit for moment, limit in self.limits if moment >= self.seconds * (1 - share)]
        return sum(late) / len(late)

    @property
    def rate(self) -> float:
        return self.replies / self.seconds


def play(
    governor: Governor,
    answers: int,
    takes: Callable[[int, random.Random], float | None],
    sort: Callable[[random.Random], object] = lambda chance: 0,
    seed: int = 1,
) -> Load:
    """So many answers of an endpoint. `takes` says of a call how long it takes, or None when it is refused.

    It is told how many calls are being worked on. `sort` is what the calls are.
    """
    chance = random.Random(seed)
    load = Load()
    under_way: list[tuple[float, int, int, float, object, bool]] = []
    working = sent = 0
    now = 0.0
    while load.replies + load.refused < answers:
        while len(under_way) < governor.limit:
            sent += 1
            seconds = takes(working + 1, chance)
            taken = seconds is not None
            working += taken
            wait = REFUSED_AFTER_S if seconds is None else seconds
            heapq.heappush(under_way, (now + wait, sent, governor.epoch, wait, sort(chance), taken))
        now, _, epoch, seconds, kind, taken = heapq.heappop(under_way)
        in_use = len(under_way) + 1
        if taken:
            working -= 1
            load.replies += 1
            governor.replied(epoch, in_use, kind, seconds, now)
        else:
            load.refused += 1
            governor.strained(epoch, in_use, now)
        load.limits.append((now, governor.limit))
    load.seconds = now
    return load
