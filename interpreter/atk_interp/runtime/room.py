"""Waiting for room on a full disk: what has been paid for is held until it can be kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from atk_interp.ledger import LedgerFull
from atk_interp.llm.limits import Clock
from atk_interp.records import dataclass
from atk_interp.runtime.events import Event, Noted

__all__ = ["Room", "RoomPolicy"]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class RoomPolicy:
    """How often to look whether a full disk has room again, and how long to hope, in seconds."""

    pause_s: float = 1.0
    patience_s: float = 3600.0


class Room:
    """Tries again what a full disk refuses. Told once per time that the disk is full, however many wait.

    While it is, calls that have their replies keep their places at the endpoints, so that soon no more are sent.
    """

    def __init__(self, emit: Callable[[Event], None], policy: RoomPolicy, clock: Clock) -> None:
        self._emit = emit
        self._policy = policy
        self._clock = clock
        self._full_since: float | None = None

    async def insist(
        self,
        work: Callable[[], Awaitable[Result]],
        going_on: Callable[[], bool] = lambda: True,
        full: type[Exception] = LedgerFull,
    ) -> Result:
        """What the work returns, as soon as there is room for it.

        Raises what it raised at last, of the type `full`, when patience is over or the run is not going on.
        """
        while True:
            try:
                done = await work()
            except full as refusal:
                if not (going_on() and self._hopes(refusal)):
                    raise
                await self._clock.sleep(self._policy.pause_s)
            else:
                if self._full_since is not None:
                    self._full_since = None
                    self._emit(Noted("", "there is room on the disk again: going on"))
                return done

    def _hopes(self, refusal: Exception) -> bool:
        now = self._clock.now()
        if self._full_since is None:
            self._full_since = now
            minutes = self._policy.patience_s / 60
            told = f"{refusal}; the run pauses until there is room, for up to {minutes:.0f} minutes"
            self._emit(Noted("", told, help="free some disk space, and it goes on by itself", serious=True))
        return now - self._full_since < self._policy.patience_s
