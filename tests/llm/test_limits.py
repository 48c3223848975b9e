from __future__ import annotations

import asyncio

import pytest

from atk_interp.llm.limits import Limiter, Priority
from support.virtual_time import VirtualTime


async def hold(limiter: Limiter, seconds: float, time: VirtualTime, log: list[object], name: object) -> None:
    async with limiter.slot(name if isinstance(name, tuple) else ()):
        log.append(name)
        await time.clock.sleep(seconds)


async def test_no_more_calls_at_a_time_than_allowed() -> None:
    time = VirtualTime()
    limiter = Limiter(3, clock=time.clock)
    seen: list[int] = []

    async def call() -> None:
        async with limiter.slot():
            seen.append(limiter.statistics().in_use)
            await time.clock.sleep(1)

    async def many() -> None:
        await asyncio.gather(*(call() for _ in range(10)))

    await time.run(many())
    assert max(seen) == 3
    assert time.now == 1004
    assert limiter.statistics().granted == 10
    assert limiter.statistics().in_use == 0


async def test_waiting_calls_go_by_priority_and_then_by_arrival() -> None:
    time = VirtualTime()
    limiter = Limiter(1, clock=time.clock)
    log: list[object] = []
    names: list[Priority] = [(5,), (3, 1), (3, 0), (4,), (3, 0, 1)]

    async def many() -> None:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(hold(limiter, 1, time, log, name))

    await time.run(many())
    assert log == [(5,), (3, 0), (3, 0, 1), (3, 1), (4,)]


async def test_equal_priorities_keep_the_order_of_arrival() -> None:
    time = VirtualTime()
    limiter = Limiter(1, clock=time.clock)
    log: list[object] = []

    async def many() -> None:
        await asyncio.gather(*(hold(limiter, 1, time, log, str(n)) for n in range(6)))

    await time.run(many())
    assert log == ["0", "1", "2", "3", "4", "5"]


async def test_a_cancelled_caller_gives_its_place_to_the_next() -> None:
    time = VirtualTime()
    limiter = Limiter(1, clock=time.clock)
    log: list[object] = []

    async def many() -> None:
        first = asyncio.ensure_future(hold(limiter, 10, time, log, "first"))
        second = asyncio.ensure_future(hold(limiter, 1, time, log, "second"))
        third = asyncio.ensure_future(hold(limiter, 1, time, log, "third"))
        await time.clock.sleep(1)
        second.cancel()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        await third

    await time.run(many())
    assert log == ["first", "third"]
    assert limiter.statistics().in_use == 0
    assert limiter.statistics().waiting == 0


async def test_cancelling_who_was_just_given_a_place_gives_it_back() -> None:
    limiter = Limiter(1)

    async def wait() -> None:
        async with limiter.slot():
            pytest.fail("the place was taken away")

    async with limiter.slot():
        waiting = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
    waiting.cancel()  # the place is already granted, the task has not run since
    await asyncio.gather(waiting, return_exceptions=True)
    assert limiter.statistics().in_use == 0
    async with limiter.slot():
        assert limiter.statistics().in_use == 1


async def test_requests_per_minute_are_spread_evenly() -> None:
    time = VirtualTime()
    limiter = Limiter(100, requests_per_minute=60, clock=time.clock)
    starts: list[float] = []

    async def call() -> None:
        async with limiter.slot():
            starts.append(round(time.now - 1000, 6))

    async def many() -> None:
        await asyncio.gather(*(call() for _ in range(5)))

    await time.run(many())
    assert starts == [0, 1, 2, 3, 4]


async def test_tokens_per_minute_count_what_was_really_used() -> None:
    time = VirtualTime()
    limiter = Limiter(10, tokens_per_minute=600, clock=time.clock)
    starts: list[float] = []

    async def call(used: int) -> None:
        async with limiter.slot(tokens=10) as slot:
            starts.append(round(time.now - 1000, 6))
            slot.used(used)

    async def calls() -> None:
        for used in (40, 10, 0, 0):
            await call(used)

    await time.run(calls())
    # 10 a second, and 10 at once: the first overdraws by 30, what the third gives back lets the fourth in at once
    assert starts == [0, 4, 5, 5]


async def test_one_call_larger_than_a_minute_is_let_in_and_paid_for_afterwards() -> None:
    time = VirtualTime()
    limiter = Limiter(10, tokens_per_minute=60, clock=time.clock)

    async def call() -> None:
        async with limiter.slot(tokens=121):
            return

    await time.run(call())
    assert time.now == 1120


async def test_pushing_back_halves_once_and_successes_win_it_back() -> None:
    time = VirtualTime()
    limiter = Limiter(8, clock=time.clock)
    limiter.pushed_back()
    limiter.pushed_back()  # sent before the halving was known
    assert limiter.statistics().limit == 4
    time.now += 1
    limiter.pushed_back()
    assert limiter.statistics().limit == 2
    for _ in range(2 + 3 + 4 + 5 + 6 + 7):
        limiter.succeeded()
    assert limiter.statistics().limit == 8
    limiter.succeeded()
    assert limiter.statistics().limit == 8


async def test_a_pause_holds_up_all_calls() -> None:
    time = VirtualTime()
    limiter = Limiter(4, clock=time.clock)
    limiter.pushed_back(30)
    log: list[object] = []
    await time.run(hold(limiter, 0, time, log, "x"))
    assert time.now == 1030


def test_failures_count_from_the_last_success() -> None:
    time = VirtualTime()
    limiter = Limiter(4, clock=time.clock)
    limiter.failed()
    limiter.succeeded()
    limiter.failed()
    time.now += 5
    limiter.failed()
    statistics = limiter.statistics()
    assert (statistics.failures, statistics.failing_s, statistics.succeeded) == (2, 5, 1)
