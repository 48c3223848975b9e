"""Equal calls are made once, also by several openings of a ledger in several processes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from atk_interp.ledger.base import LedgerError
from atk_interp.ledger.places import claims_path
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import Reply

REPLY = Reply("text")

HOLDER = """
import asyncio, sys
from atk_interp.ledger.sqlite import SqliteLedger

async def main():
    ledger = SqliteLedger(sys.argv[1])
    for key in sys.argv[2:]:
        assert await ledger.reserve(key) is None
    print("held", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def key(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".atk" / "ledger.db"


@contextmanager
def holding(path: Path, *keys: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has reserved some calls, and goes on living."""
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", HOLDER, str(path), *keys]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(claims_path(path), timeout=60, isolation_level=None)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def until_shown(path: Path, query: str, value: int) -> None:
    """Until the file of claims holds what another thread or process writes there."""
    while await asyncio.to_thread(rows, path, query) != [(value,)]:
        continue


async def until_waiting(path: Path, ledger: SqliteLedger, name: str) -> None:
    """Until a call that somebody waits for has been asked about at least once: some other call went the same way."""
    await asyncio.sleep(0)
    assert await ledger.reserve(key(name)) is None
    ledger.release(key(name))


async def test_a_process_alone_writes_no_claims(path: Path) -> None:
    async with SqliteLedger(path) as ledger:
        for number in range(3):
            assert await ledger.reserve(key(number)) is None
        assert rows(path, "SELECT count(*) FROM claims") == [(0,)]
        assert rows(path, "SELECT count(*), max(sharing) FROM owners") == [(1, 0)]
    assert rows(path, "SELECT count(*) FROM owners") == [(0,)]


async def test_looking_only_leaves_no_trace(path: Path) -> None:
    async with SqliteLedger(path) as ledger:
        assert await ledger.get(key(1)) is None
    assert not claims_path(path).exists()


async def test_who_comes_second_waits_for_the_reply_of_the_first(path: Path) -> None:
    async with SqliteLedger(path) as first, SqliteLedger(path) as second:
        assert await first.reserve(key(1)) is None
        waiting = asyncio.create_task(second.reserve(key(1)))
        await until_waiting(path, second, "other")
        assert not waiting.done()
        await first.put(key(1), REPLY, b"{}")
        assert await waiting == REPLY


async def test_a_call_that_failed_is_free_for_the_second(path: Path) -> None:
    async with SqliteLedger(path) as first, SqliteLedger(path) as second:
        assert await first.reserve(key(1)) is None
        waiting = asyncio.create_task(second.reserve(key(1)))
        await until_waiting(path, second, "other")
        first.release(key(1))
        assert await waiting is None


async def test_closing_lets_go_of_everything(path: Path) -> None:
    async with SqliteLedger(path) as second:
        async with SqliteLedger(path) as first:
            assert await first.reserve(key(1)) is None
            assert await second.reserve(key(2)) is None
        assert await second.reserve(key(1)) is None


async def test_a_wait_that_is_cancelled_leaves_no_claim(path: Path) -> None:
    async with SqliteLedger(path) as first, SqliteLedger(path) as second:
        assert await first.reserve(key(1)) is None
        assert await second.reserve(key("other")) is None
        taking = second._claims.take(bytes.fromhex(key(2)))
        waiting = [asyncio.create_task(second.reserve(key(1))), asyncio.create_task(taking)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        first.release(key(1))
        assert await first.reserve(key(2)) is None
        assert await first.reserve(key(1)) is None


async def test_a_put_that_nobody_waits_for_any_more_keeps_its_claim_until_it_is_there(path: Path) -> None:
    async with SqliteLedger(path) as first, SqliteLedger(path) as second:
        assert await second.reserve(key("other")) is None
        assert await first.reserve(key(1)) is None
        waiting = asyncio.create_task(second.reserve(key(1)))
        put = asyncio.create_task(first.put(key(1), REPLY, b"{}"))
        await asyncio.sleep(0)
        put.cancel()
        first.release(key(1))
        assert await waiting == REPLY


async def test_alone_again_claims_are_not_written_any_more(path: Path) -> None:
    async with SqliteLedger(path) as first:
        async with SqliteLedger(path) as second:
            assert await first.reserve(key(1)) is None
            assert await second.reserve(key(2)) is None
            assert rows(path, "SELECT count(*) FROM claims") == [(2,)]
        await until_shown(path, "SELECT sharing FROM owners", 0)  # within two looks around
        assert rows(path, "SELECT count(*) FROM claims") == [(0,)]
        assert await first.reserve(key(3)) is None
        assert rows(path, "SELECT count(*) FROM claims") == [(0,)]
        async with SqliteLedger(path) as third:
            waiting = asyncio.create_task(third.reserve(key(1)))
            await until_waiting(path, third, "other")
            assert not waiting.done()
            await first.put(key(1), REPLY, b"{}")
            assert await waiting == REPLY


async def test_nobody_pays_twice_and_nobody_waits_for_ever_in_whatever_order_they_ask(path: Path) -> None:
    made: Counter[str] = Counter()
    chance = random.Random(7)

    async def ask(ledger: SqliteLedger, name: str) -> str:
        reply = await ledger.reserve(key(name))
        if reply is not None:
            return reply.text
        made[name] += 1
        await asyncio.sleep(0)
        if made[name] == 1 and chance.random() < 0.1:  # it fails; who asked asks again
            made[name] -= 1
            ledger.release(key(name))
            return await ask(ledger, name)
        return (await ledger.put(key(name), Reply(name), b"{}")).text

    async with SqliteLedger(path) as one, SqliteLedger(path) as two, SqliteLedger(path) as three:
        asked = [(ledger, str(number)) for ledger in (one, two, three) for number in range(200)]
        chance.shuffle(asked)
        said = await asyncio.gather(*(ask(ledger, name) for ledger, name in asked))
    assert said == [name for _, name in asked]
    assert set(made.values()) == {1}


@pytest.mark.slow
async def test_the_calls_of_a_killed_process_are_free_at_once(path: Path) -> None:
    with holding(path, key(1), key(2)) as process:
        async with SqliteLedger(path) as ledger, SqliteLedger(path) as bystander:
            assert await bystander.reserve(key(3)) is None
            waiting = asyncio.create_task(ledger.reserve(key(1)))
            await until_waiting(path, ledger, "other")
            assert not waiting.done()
            process.send_signal(signal.SIGKILL)  # and nobody has asked how it ended: it is a zombie
            assert await waiting is None
            assert await ledger.reserve(key(2)) is None


@pytest.mark.slow
async def test_who_cannot_be_seen_is_waited_for_until_it_was_silent_for_too_long(path: Path) -> None:
    with holding(path, key(1)) as process:
        process.send_signal(signal.SIGSTOP)  # it gives no sign of life by itself
        rows(path, "UPDATE owners SET host = 'elsewhere', pid = 1, sharing = 1")
        async with SqliteLedger(path) as ledger:
            waiting = asyncio.create_task(ledger.reserve(key(1)))
            rows(path, f"INSERT INTO claims VALUES (x'{key(1)}', 1) ON CONFLICT DO NOTHING")
            await until_waiting(path, ledger, "other")
            assert not waiting.done()
            rows(path, f"UPDATE owners SET beat = {time.time() - 31} WHERE host = 'elsewhere'")
            assert await waiting is None


async def test_who_was_taken_for_dead_comes_back_with_its_claims(path: Path) -> None:
    async with SqliteLedger(path) as first, SqliteLedger(path) as second:
        assert await first.reserve(key(1)) is None
        assert await second.reserve(key("other")) is None
        rows(path, "DELETE FROM owners WHERE id = 1")
        rows(path, "DELETE FROM claims WHERE owner = 1")
        first._claims._beaten -= 5  # the time of the next sign of life
        await until_shown(path, "SELECT count(*) FROM owners", 2)
        waiting = asyncio.create_task(second.reserve(key(1)))
        await until_waiting(path, second, "third")
        assert not waiting.done()
        await first.put(key(1), REPLY, b"{}")
        assert await waiting == REPLY


async def test_a_damaged_file_of_claims_is_told(path: Path) -> None:
    async with SqliteLedger(path) as ledger:
        claims_path(path).write_bytes(b"nothing that one could read" * 200)
        with pytest.raises(LedgerError, match="where runs tell each other what they are at") as caught:
            await ledger.reserve(key(1))
        assert "delete that file" in caught.value.help
