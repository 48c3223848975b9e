"""How the endpoints of a run are: for progress, and told when one stays away or comes back."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.llm.limits import Limiter, LimiterStatistics
from atk_interp.runtime.endpoints import Endpoint
from atk_interp.runtime.events import EndpointState, Paused, Resumed

__all__ = ["Health"]

_PAUSED_AFTER = 3
"""So many calls in a row without a reply are no accident."""

_PAUSED_AFTER_S = 5.0


class Health:
    """Watches the endpoints. Slots that share a limiter are one endpoint. From the run's loop."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._slots: dict[int, list[str]] = {}
        self._limiters: dict[int, Limiter] = {}
        for slot, endpoint in endpoints.items():
            self._limiters[id(endpoint.limiter)] = endpoint.limiter
            self._slots.setdefault(id(endpoint.limiter), []).append(slot)
        self._away: dict[int, float] = {}

    def states(self) -> list[EndpointState]:
        """Each endpoint as it is now."""
        return [_state(self._slots[name], limiter.statistics()) for name, limiter in self._limiters.items()]

    def changes(self) -> list[Paused | Resumed]:
        """What has begun or ended since the last time."""
        told: list[Paused | Resumed] = []
        for name, limiter in self._limiters.items():
            now = limiter.statistics()
            if now.failures >= _PAUSED_AFTER and now.failing_s >= _PAUSED_AFTER_S:
                if name not in self._away:
                    told.append(Paused(self._slots[name], _paused(now)))
                self._away[name] = now.failing_s
            elif name in self._away and now.failures == 0:
                told.append(Resumed(self._slots[name], round(self._away.pop(name), 1)))
        return told


def _paused(now: LimiterStatistics) -> str:
    never = "" if now.succeeded else "; it has never replied"
    return f"no reply for {now.failing_s:.0f} s, after {now.failures} calls{never}"


def _state(slots: list[str], now: LimiterStatistics) -> EndpointState:
    return EndpointState(slots, now.in_use, now.waiting, now.limit, now.most, now.failures, round(now.failing_s, 1))
