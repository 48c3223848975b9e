"""Endpoints that stay away and come back are told, once each."""

from __future__ import annotations

from atk_interp.llm.breaker import Breaker, RetryPolicy
from atk_interp.llm.limits import Clock, Limiter
from atk_interp.llm.messages import EndpointDown
from atk_interp.llm.pool import Address, Pool
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.runtime.endpoints import Endpoint
from atk_interp.runtime.events import Paused, Resumed
from atk_interp.runtime.health import Health
from atk_interp.spec import EndpointConfig

DOWN = EndpointDown("refused the connection", "here")


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(time: Time) -> tuple[Address, Health]:
    """An address that two slots share, and who watches it."""
    clock, policy = Clock(now=time), RetryPolicy()
    address = Address(ScriptedClient(lambda request: ""), Limiter(4, clock=clock), Breaker(policy, "here"))
    pool = Pool([address], policy, clock)
    config = EndpointConfig(model="m")
    return address, Health({slot: Endpoint(slot, config, "m", pool) for slot in ("small", "large")})


def test_an_address_that_fails_again_and_again_is_told_as_paused_once_and_then_as_back() -> None:
    time = Time()
    address, health = watched(time)
    for _ in range(3):
        address.breaker.failed(DOWN, time.now, probe=False)
    assert health.changes() == []  # all at once: it may be a moment
    time.now = 6.0
    (paused,) = health.changes()
    assert isinstance(paused, Paused)
    assert paused.slots == ["small", "large"]
    assert paused.message.startswith("`here` has failed 3 times")
    assert "refused the connection" in paused.message
    time.now = 9.0
    assert health.changes() == []
    address.breaker.replied()
    assert health.changes() == [Resumed(["small", "large"], 9.0)]
    assert health.changes() == []


def test_slots_that_share_an_endpoint_are_one_in_its_state() -> None:
    _, health = watched(Time())
    (state,) = health.states()
    assert (state.slots, state.in_use, state.most) == (["small", "large"], 0, 4)
