"""How the endpoints of a run are: for progress, and told when an address stays away or comes back."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.llm.limits import LimiterStatistics
from atk_interp.llm.pool import Address, Pool
from atk_interp.runtime.endpoints import Endpoint
from atk_interp.runtime.events import EndpointState, Paused, Resumed

__all__ = ["Health"]

_PAUSED_AFTER = 3
"""So many calls in a row without a reply are no accident."""

_PAUSED_AFTER_S = 5.0


class Health:
    """Watches the endpoints. Slots that share a pool are one endpoint. From the run's loop."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._slots: dict[Pool, list[str]] = {}
        self._users: dict[Address, list[str]] = {}
        for slot, endpoint in endpoints.items():
            self._slots.setdefault(endpoint.pool, []).append(slot)
            for address in endpoint.pool.addresses:
                self._users.setdefault(address, []).append(slot)
        self._away: dict[Address, float] = {}

    def states(self) -> list[EndpointState]:
        """Each endpoint as it is now."""
        return [_state(slots, pool.statistics()) for pool, slots in self._slots.items()]

    def changes(self) -> list[Paused | Resumed]:
        """What has begun or ended since the last time: once for each address, however many calls wait for it."""
        told: list[Paused | Resumed] = []
        for address, slots in self._users.items():
            breaker, now = address.breaker, address.pools[0].now()
            failing_s = now - breaker.failing_since if breaker.failures else 0.0
            asked_s = address.limiter.pause_s()
            if breaker.is_open or asked_s or (breaker.failures >= _PAUSED_AFTER and failing_s >= _PAUSED_AFTER_S):
                if address not in self._away:
                    told.append(Paused(slots, _paused(address, now, failing_s, asked_s)))
                    self._away[address] = now - failing_s
            elif address in self._away and not breaker.failures:
                told.append(Resumed(slots, round(now - self._away.pop(address), 1)))
        return told


def _paused(address: Address, now: float, failing_s: float, asked_s: float) -> str:
    """What is wrong with an address, and what will be done about it."""
    breaker = address.breaker
    if asked_s:
        return f"`{address.name}` asks for a pause of {asked_s:.0f} s: {breaker.last}"
    never = "" if breaker.replies else ", and has never answered"
    told = f"`{address.name}` has failed {breaker.failures} times over {failing_s:.0f} s{never}: {breaker.last}"
    if any(not other.breaker.is_open for pool in address.pools for other in pool.addresses if other is not address):
        return f"{told}; the other addresses are asked meanwhile"
    left = breaker.patience_left_s(now)
    return f"{told}; one call tries it now and then for {left:.0f} s more; then the run stops, to be gone on with later"


def _state(slots: list[str], now: LimiterStatistics) -> EndpointState:
    return EndpointState(slots, now.in_use, now.waiting, now.limit, now.most, now.failures, round(now.failing_s, 1))
