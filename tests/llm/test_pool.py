"""Several addresses behind one slot: who gets the next call, and what happens when one of them stays away."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from atk_interp.llm.breaker import Breaker, RetryPolicy
from atk_interp.llm.limits import Limiter, Priority
from atk_interp.llm.messages import EndpointDown, EndpointUnavailable, Message, RateLimited, Reply, Request
from atk_interp.llm.pool import Address, Away, Place, Pool
from atk_interp.llm.retry import Waiting, call_with_patience
from atk_interp.llm.scripted import ScriptedClient
from support.virtual_time import VirtualTime

POLICY = RetryPolicy(gone_failures=3)


class Fleet:
    """Addresses in virtual time. `down` are those that answer nothing, `asked` counts the calls of each."""

    def __init__(self, *most: int, time: VirtualTime | None = None, rate: float | None = None) -> None:
        self.time = time or VirtualTime()
        self.down: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.said: list[Waiting] = []
        self.seconds = 1.0
        self.addresses = [self._address(name, limit, rate) for name, limit in zip("abcdef", most, strict=False)]
        self.pool = Pool(self.addresses, POLICY, self.time.clock)

    def _address(self, name: str, most: int, rate: float | None) -> Address:
        limiter = Limiter(most, requests_per_minute=rate, clock=self.time.clock)
        return Address(ScriptedClient(lambda request: "", name=name), limiter, Breaker(POLICY, name))

    async def send(self, client: object, request: Request) -> Reply:
        assert isinstance(client, ScriptedClient)
        name = client.endpoint
        self.asked[name] += 1
        if name in self.down:
            raise EndpointDown(f"`{name}` refused the connection", name)
        await self.time.clock.sleep(self.seconds)
        return Reply("fine", seconds=self.seconds)

    async def call(self, number: int = 0, *, stay: bool = True) -> Reply:
        request = Request("m", (Message("user", str(number)),))
        clock = self.time.clock
        return await call_with_patience(self.send, request, self.pool, POLICY, clock, self.said.append, stay=stay)

    async def calls(self, count: int) -> list[Reply]:
        return await asyncio.gather(*(self.call(number) for number in range(count)))

    async def later(self, seconds: float, *up: str) -> None:
        await self.time.clock.sleep(seconds)
        self.down.difference_update(up)

    @property
    def elapsed(self) -> float:
        return self.time.now - 1000


async def hold(pool: Pool, time: VirtualTime, log: list[Priority], priority: Priority) -> None:
    place = await pool.admit(priority)
    log.append(priority)
    await time.clock.sleep(1)
    place.leave()


async def test_waiting_calls_go_by_priority_and_then_by_arrival() -> None:
    fleet = Fleet(1)
    log: list[Priority] = []

    async def many() -> None:
        async with asyncio.TaskGroup() as group:
            for priority in [(5,), (3, 1), (3, 0), (4,), (3, 0, 1)]:
                group.create_task(hold(fleet.pool, fleet.time, log, priority))

    await fleet.time.run(many())
    assert log == [(5,), (3, 0), (3, 0, 1), (3, 1), (4,)]


async def test_each_address_has_its_own_limit() -> None:
    fleet = Fleet(3, 1)
    await fleet.time.run(fleet.calls(12))
    assert fleet.elapsed == 3
    assert fleet.asked == {"a": 9, "b": 3}
    assert fleet.pool.statistics().most == 4


async def test_calls_go_where_least_is_used_of_what_is_allowed() -> None:
    fleet = Fleet(4, 8)
    await fleet.time.run(fleet.calls(6))
    assert fleet.asked == {"a": 2, "b": 4}


async def test_rates_hold_for_each_address_and_the_one_that_need_not_wait_goes_first() -> None:
    fleet = Fleet(10, 10, rate=60)
    fleet.seconds = 0.0
    await fleet.time.run(fleet.calls(8))
    assert fleet.asked == {"a": 4, "b": 4}
    assert fleet.elapsed == 3


async def test_a_call_that_fails_goes_to_another_address_at_once() -> None:
    fleet = Fleet(4, 4)
    fleet.down = {"a"}
    await fleet.time.run(fleet.call())
    assert fleet.elapsed == 1
    assert fleet.asked == {"a": 1, "b": 1}
    assert fleet.said == []


async def test_an_address_that_is_down_gets_a_probe_now_and_then_and_all_calls_when_it_is_back() -> None:
    fleet = Fleet(4, 4)
    fleet.down = {"a"}

    async def go_on() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fleet.calls(320))
            group.create_task(fleet.later(20.5, "a"))

    await fleet.time.run(go_on())
    assert fleet.asked["b"] >= 160
    assert 60 <= fleet.asked["a"] <= 160  # a few failures, some probes, then its share
    assert fleet.pool.statistics().failures == 0
    assert fleet.said == []


async def test_while_all_are_down_one_call_tries_and_none_of_the_waiting_is_used_up() -> None:
    fleet = Fleet(8)
    fleet.down = {"a"}

    async def go_on() -> list[Reply]:
        async with asyncio.TaskGroup() as group:
            replies = group.create_task(fleet.calls(50))
            group.create_task(fleet.later(100.0, "a"))
        return replies.result()

    fleet.addresses[0].breaker.replies = 1
    assert len(await fleet.time.run(go_on())) == 50
    # 8 at first, all at once; then one at a time at intervals that double; then 50, each once
    assert fleet.asked["a"] <= 8 + 9 + 50
    assert fleet.elapsed < 135  # patience would have ended with a probe at 120


async def test_when_all_stay_away_for_too_long_the_endpoint_is_gone() -> None:
    fleet = Fleet(2, 2)
    fleet.down = {"a", "b"}
    with pytest.raises(EndpointUnavailable) as caught:
        await fleet.time.run(fleet.call())
    assert 30 <= fleet.elapsed <= 60
    assert "all 2 addresses have failed" in str(caught.value)
    assert "and has never answered: " in str(caught.value)


async def test_who_has_somebody_else_to_ask_need_not_wait_for_what_is_away() -> None:
    fleet = Fleet(1)
    fleet.down = {"a"}

    async def go_on() -> list[Reply | BaseException]:
        return await asyncio.gather(*(fleet.call(number, stay=False) for number in range(6)), return_exceptions=True)

    outcomes = await fleet.time.run(go_on())
    assert all(isinstance(outcome, Away) for outcome in outcomes)
    assert fleet.elapsed < 5
    assert fleet.asked["a"] <= 6


async def test_a_probe_that_is_called_off_leaves_the_next_one_to_another() -> None:
    fleet = Fleet(2)
    breaker = fleet.addresses[0].breaker
    for _ in range(POLICY.gone_failures):
        breaker.failed(EndpointDown("", "a"), fleet.time.now, probe=False)

    async def go_on() -> Place:
        first = asyncio.ensure_future(fleet.pool.admit())
        second = asyncio.ensure_future(fleet.pool.admit())
        place = await first
        assert not second.done()
        place.leave()  # nothing came of it
        return await second

    await fleet.time.run(go_on())
    assert breaker.probing


async def test_cancelling_who_was_just_given_a_place_gives_it_back() -> None:
    pool = Fleet(1).pool
    place = await pool.admit()
    waiting = asyncio.ensure_future(pool.admit())
    await asyncio.sleep(0)
    place.leave()
    waiting.cancel()  # the place is already granted, the task has not run since
    await asyncio.gather(waiting, return_exceptions=True)
    assert pool.statistics().in_use == 0
    assert (await pool.admit()).address is pool.addresses[0]


async def test_pools_that_share_an_address_share_its_places() -> None:
    fleet = Fleet(2)
    other = Pool(fleet.addresses, POLICY, fleet.time.clock)
    log: list[Priority] = []

    async def many() -> None:
        async with asyncio.TaskGroup() as group:
            for pool, priority in ((fleet.pool, (9,)), (other, (8,)), (fleet.pool, (7,)), (other, (5,)), (other, (6,))):
                group.create_task(hold(pool, fleet.time, log, priority))

    await fleet.time.run(many())
    assert log == [(9,), (8,), (5,), (6,), (7,)] or log == [(9,), (8,), (5,), (7,), (6,)]
    assert fleet.elapsed == 3


async def test_an_address_that_asks_for_hours_is_left_to_the_others() -> None:
    fleet = Fleet(1, 1)
    tired = RateLimited("`a` answered 429", "a", retry_after=7200)

    async def send(client: object, request: Request) -> Reply:
        assert isinstance(client, ScriptedClient)
        if client.endpoint == "a":
            raise tired
        return Reply("fine")

    async def one() -> Reply:
        request = Request("m", (Message("user", ""),))
        return await call_with_patience(send, request, fleet.pool, POLICY, fleet.time.clock, fleet.said.append)

    assert (await fleet.time.run(one())).text == "fine"
    assert fleet.elapsed == 0
