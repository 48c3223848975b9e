"""Work that several ask for is done once, survives who asked for it, and can be called off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from atk_interp.runtime.flights import Flights, Halted


class Work:
    """Work that ends when it is told to; counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()
        self.ended = 0
        self.told: list[str] = []

    async def do(self) -> str:
        self.begun += 1
        await self.may_end.wait()
        self.ended += 1
        return "done"


async def carried(flights: Flights[str], ask: Callable[[], Awaitable[str]]) -> str:
    """What comes of asking in a task that carries its work itself."""
    task = asyncio.current_task()
    assert task is not None
    flights.carriers.add(task)
    return await ask()


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def start(flights: Flights[str], work: Work, carrier: bool, key: str = "k") -> asyncio.Task[str]:
    def ask() -> Awaitable[str]:
        return flights.ask(key, work.do, work.told.append)

    return asyncio.create_task(carried(flights, ask) if carrier else carried(Flights(), ask))


BOTH = pytest.mark.parametrize("carrier", [True, False], ids=["carried", "of its own"])


@BOTH
async def test_what_several_ask_for_is_done_once(carrier: bool) -> None:
    flights, work = Flights[str](), Work()
    tasks = [start(flights, work, carrier) for _ in range(3)]
    await settled()
    assert "k" in flights
    work.may_end.set()
    assert await asyncio.gather(*tasks) == ["done"] * 3
    assert (work.begun, "k" in flights) == (1, False)


async def test_who_asked_and_is_cancelled_does_not_take_the_work_with_it() -> None:
    flights, work = Flights[str](), Work()
    first, second = (start(flights, work, carrier=False) for _ in range(2))
    await settled()
    first.cancel()
    await settled()
    assert first.cancelled()
    work.may_end.set()
    assert await second == "done"
    assert work.begun == 1


async def test_work_that_nobody_waits_for_any_more_is_done_to_its_end() -> None:
    flights, work = Flights[str](), Work()
    task = start(flights, work, carrier=False)
    await settled()
    task.cancel()
    await settled()
    work.may_end.set()
    await flights.drain(60)
    assert work.ended == 1


async def test_others_are_told_when_a_carrier_is_cancelled() -> None:
    flights, work = Flights[str](), Work()
    carrier = start(flights, work, carrier=True)
    await settled()
    other = start(flights, work, carrier=True)
    await settled()
    carrier.cancel()
    with pytest.raises(Halted):
        await other
    assert carrier.cancelled()


@BOTH
async def test_what_is_called_off_is_told_as_halted_and_its_task_goes_on(carrier: bool) -> None:
    flights, work = Flights[str](), Work()

    async def asks_twice() -> list[str]:
        told = []
        for key in ("k", "l"):
            try:
                told.append(await flights.ask(key, work.do, work.told.append))
            except Halted:
                told.append("halted")
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        return told

    task = asyncio.create_task(asks_twice())
    if carrier:
        flights.carriers.add(task)
    await settled()
    flights.call_off(lambda key: False)
    await settled()
    work.may_end.set()
    assert await task == ["halted", "done"]


@BOTH
async def test_what_is_spared_is_not_called_off(carrier: bool) -> None:
    flights, work = Flights[str](), Work()
    spared, other = start(flights, work, carrier, "a"), start(flights, work, carrier, "b")
    await settled()
    flights.call_off("a".__eq__)
    work.may_end.set()
    with pytest.raises(Halted):
        await other
    assert await spared == "done"


@BOTH
async def test_what_takes_too_long_to_drain_is_called_off(carrier: bool) -> None:
    flights, work = Flights[str](), Work()
    task = start(flights, work, carrier)
    await settled()
    await flights.drain(0)
    with pytest.raises(Halted):
        await task
    assert "k" not in flights


async def test_what_was_called_off_before_it_began_leaves_nobody_waiting() -> None:
    flights, work = Flights[str](), Work()
    task = start(flights, work, carrier=False)
    await asyncio.sleep(0)  # asked, and the task of the work has not begun
    flights.call_off(lambda key: False)
    with pytest.raises(Halted):
        await task
    assert (work.begun, "k" in flights) == (0, False)


async def test_a_carrier_that_is_called_off_and_cancelled_is_cancelled() -> None:
    flights, work = Flights[str](), Work()
    task = start(flights, work, carrier=True)
    await settled()
    flights.call_off(lambda key: False)
    task.cancel()
    await settled()
    assert task.cancelled()


async def test_what_comes_of_work_whose_asker_was_cancelled_is_told_late() -> None:
    flights, work = Flights[str](), Work()
    first, second = (start(flights, work, carrier=False) for _ in range(2))
    await settled()
    second.cancel()
    first.cancel()
    await settled()
    assert work.told == []
    work.may_end.set()
    await flights.drain(1)
    assert (work.told, work.ended) == (["done"], 1)


@BOTH
async def test_all_who_ask_get_the_error(carrier: bool) -> None:
    flights = Flights[str]()

    async def fails() -> str:
        await asyncio.sleep(0)
        raise ValueError("no")

    async def ask() -> str:
        return await flights.ask("k", fails, Work().told.append)

    asking = [asyncio.create_task(carried(flights, ask) if carrier else ask()) for _ in range(3)]
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(error) for error in told] == ["no"] * 3
