"""Who answers for a slot whose addresses are all away: its fallback, and that one's.

Each call tries its own slot first, also to find out whether an address is back: one call now and then is the probe.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from atk_interp.llm.limits import Clock
from atk_interp.llm.messages import EndpointUnavailable, Reply
from atk_interp.llm.pool import Away
from atk_interp.runtime.endpoints import Endpoint
from atk_interp.runtime.variants import Variant

__all__ = ["StandIns"]

_LOOK_AGAIN_S = 0.25

Ask = Callable[[Sequence[Variant]], Awaitable[tuple[Variant, Reply]]]
"""Sends one of the candidates of a slot. Raises `Away` or `EndpointUnavailable` when its addresses are all away."""


class StandIns:
    """Asks the slots of a call in their order, for one run. `say` is told when a slot is stood in for, and no more."""

    def __init__(self, endpoints: Mapping[str, Endpoint], clock: Clock, say: Callable[[str], None]) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._say = say
        self._stood_in: dict[str, str] = {}

    async def ask(self, groups: Sequence[Sequence[Variant]], ask: Ask) -> tuple[Variant, Reply]:
        """What the first slot says that is not away. Waits while all are.

        Raises `EndpointUnavailable` when none can be hoped for any more, and what else `ask` raises.
        """
        if len(groups) == 1:
            return await ask(groups[0])
        slot = groups[0][0].slot
        while True:
            gone: EndpointUnavailable | None = None
            for group in groups:
                try:
                    answered, reply = await ask(group)
                except Away:
                    continue
                except EndpointUnavailable as error:
                    gone = gone or error
                    continue
                self._note(slot, answered.slot)
                return answered, reply
            if all(self._endpoints[group[0].slot].pool.gone for group in groups) and gone is not None:
                raise gone
            await self._clock.sleep(_LOOK_AGAIN_S)

    def _note(self, slot: str, answered: str) -> None:
        before = self._stood_in.get(slot, slot)
        if answered == before:
            return
        self._stood_in[slot] = answered
        if answered == slot:
            self._say(f"the endpoint of `{slot}` is back, and answers its calls again")
        else:
            self._say(f"all addresses of `{slot}` are away: its calls go to `{answered}` until one is back")
