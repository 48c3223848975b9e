"""Blocks that take too long end with `TimeoutError`, and nothing else is touched."""

from __future__ import annotations

import asyncio

import pytest

from atk_interp.llm.deadline import Deadlines


async def test_a_block_that_ends_in_time_ends_as_it_would() -> None:
    deadlines = Deadlines(60)
    with deadlines.begin():
        await asyncio.sleep(0)
    with pytest.raises(ValueError, match="no"), deadlines.begin():
        raise ValueError("no")
    assert not deadlines.running
    deadlines.close()


async def test_a_block_that_takes_too_long_is_ended_and_its_task_goes_on() -> None:
    deadlines = Deadlines(0.01)
    with pytest.raises(TimeoutError), deadlines.begin():
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)
    assert not deadlines.running


async def test_each_block_has_its_own_time() -> None:
    deadlines = Deadlines(0.02)
    began: list[float] = []
    ended: list[str] = []
    loop = asyncio.get_running_loop()

    async def one(name: str, wait: asyncio.Event) -> None:
        began.append(loop.time())
        try:
            with deadlines.begin():
                await wait.wait()
            ended.append(f"{name} done")
        except TimeoutError:
            assert loop.time() >= began[0] + 0.02
            ended.append(f"{name} late")

    never, soon = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(one("a", never))
        group.create_task(one("b", soon))
        await asyncio.sleep(0)
        soon.set()
        await asyncio.sleep(0)
        group.create_task(one("c", never))
    assert ended == ["b done", "a late", "c late"]
    deadlines.close()


async def test_a_task_that_is_cancelled_is_cancelled() -> None:
    deadlines = Deadlines(60)

    async def waits() -> None:
        with deadlines.begin():
            await asyncio.Event().wait()

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines.running
    deadlines.close()


async def test_a_task_that_is_cancelled_as_its_time_is_up_is_cancelled() -> None:
    deadlines = Deadlines(0)

    async def waits() -> None:
        with deadlines.begin():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                task.cancel()
                raise

    task = asyncio.create_task(waits())
    with pytest.raises(asyncio.CancelledError):
        await task
    deadlines.close()
