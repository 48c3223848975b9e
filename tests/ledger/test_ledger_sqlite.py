from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atk_interp.ledger.base import LedgerError, LedgerFull
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import Reply, Usage

REPLY = Reply("text", "why", "length", Usage(12, 34), "m-2024", 1.25)

WRITER = """
import asyncio, hashlib, sys
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import Reply

async def main():
    ledger = SqliteLedger(sys.argv[1])
    numbers = range(int(sys.argv[2]), int(sys.argv[3]))
    async def put(number):
        name = str(number)
        await ledger.put(hashlib.sha256(name.encode()).hexdigest(), Reply(name * 50), b"{}")
        sys.stdout.write(name + "\\n")
        sys.stdout.flush()
    pending = set()
    for number in numbers:
        pending.add(asyncio.ensure_future(put(number)))
        if len(pending) >= 16:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    if pending:
        await asyncio.wait(pending)
    await ledger.close()

asyncio.run(main())
"""


def key(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".atk" / "ledger.db"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[SqliteLedger]:
    async with SqliteLedger(path) as opened:
        yield opened


def writing(path: Path, first: int, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(last)]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)


async def test_a_reply_comes_back_as_it_was_put(ledger: SqliteLedger) -> None:
    assert await ledger.get(key(1)) is None
    assert await ledger.put(key(1), REPLY, b'{"model":"m"}') is REPLY
    assert await ledger.get(key(1)) == REPLY


REPLIES = st.builds(
    Reply,
    text=st.text(),
    reasoning=st.text(),
    finish=st.text(),
    usage=st.builds(Usage, st.integers(0, 2**62), st.integers(0, 2**62)),
    model=st.text(),
    seconds=st.floats(0, 1e6),
)


@settings(max_examples=5)  # each opens a file, and holds many replies
@given(st.lists(REPLIES, min_size=1, max_size=50))
def test_any_reply_comes_back_as_it_was_put(tmp_path_factory: pytest.TempPathFactory, replies: list[Reply]) -> None:
    async def there_and_back() -> list[Reply | None]:
        async with SqliteLedger(tmp_path_factory.mktemp("any") / "ledger.db") as ledger:
            await asyncio.gather(*(ledger.put(key(n), reply, b"{}") for n, reply in enumerate(replies)))
            return [await ledger.get(key(n)) for n in range(len(replies))]

    assert asyncio.run(there_and_back()) == replies


async def test_the_ledger_outlives_its_closing(path: Path) -> None:
    async with SqliteLedger(path) as ledger:
        await ledger.put(key(1), REPLY, b"{}")
    async with SqliteLedger(path) as ledger:
        assert await ledger.get(key(1)) == REPLY


async def test_closing_commits_what_waits(path: Path) -> None:
    ledger = SqliteLedger(path)
    puts = [asyncio.ensure_future(ledger.put(key(n), REPLY, b"{}")) for n in range(100)]
    await asyncio.sleep(0)
    await ledger.close()
    await ledger.close()
    assert await asyncio.gather(*puts) == [REPLY] * 100
    async with SqliteLedger(path) as again:
        assert (await again.stats()).replies == 100


async def test_the_first_reply_stands_and_is_what_the_second_put_returns(ledger: SqliteLedger, path: Path) -> None:
    async with SqliteLedger(path) as other:
        first, second = Reply("first"), Reply("second")
        assert await ledger.put(key(1), first, b"{}") == first
        assert await other.put(key(1), second, b"{}") == first
        assert await other.get(key(1)) == first
        both = list(await asyncio.gather(ledger.put(key(2), first, b"{}"), ledger.put(key(2), second, b"{}")))
        assert both == [first, first]


async def test_lookups_of_one_tick_are_answered_together(ledger: SqliteLedger) -> None:
    await asyncio.gather(*(ledger.put(key(n), Reply(str(n)), b"{}") for n in range(0, 300, 2)))
    found = await asyncio.gather(*(ledger.get(key(n)) for n in range(300)))
    assert [reply.text if reply else None for reply in found] == [str(n) if n % 2 == 0 else None for n in range(300)]
    many = await ledger.get_many(key(n) for n in range(300))
    assert {name: reply.text for name, reply in many.items()} == {key(n): str(n) for n in range(0, 300, 2)}
    assert await ledger.get_many([]) == {}
    stats = await ledger.stats()
    assert (stats.replies, stats.puts, stats.hits, stats.misses) == (150, 150, 300, 300)
    assert stats.commits <= 150


async def test_a_cancelled_lookup_leaves_the_others_alone(ledger: SqliteLedger) -> None:
    await ledger.put(key(1), REPLY, b"{}")
    first, second = asyncio.ensure_future(ledger.get(key(1))), asyncio.ensure_future(ledger.get(key(1)))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == REPLY


async def test_a_cancelled_put_is_stored_all_the_same(path: Path) -> None:
    async with SqliteLedger(path) as ledger:
        put = asyncio.ensure_future(ledger.put(key(1), REPLY, b"{}"))
        await asyncio.sleep(0)
        put.cancel()
    async with SqliteLedger(path) as ledger:
        assert await ledger.get(key(1)) == REPLY


async def test_entries_tell_what_was_sent_also_when_it_was_long(ledger: SqliteLedger) -> None:
    requests = [b'{"model":"m"}', json.dumps({"prompt": "long " * 5000}).encode()]
    for number, request in enumerate(requests):
        await ledger.put(key(number), REPLY, request)
    entries = list(ledger.entries())
    assert {entry.key: entry.request for entry in entries} == {key(n): sent for n, sent in enumerate(requests)}
    assert [entry.key for entry in entries] == sorted(entry.key for entry in entries)
    assert {entry.reply for entry in entries} == {REPLY}
    stats = await ledger.stats()
    assert (stats.input_tokens, stats.output_tokens) == (24, 68)


async def test_a_closed_ledger_says_so(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.close()
    for use in (ledger.get(key(1)), ledger.get_many([key(1)]), ledger.put(key(1), REPLY, b"{}")):
        with pytest.raises(LedgerError, match="was closed"):
            await use


def test_a_ledger_works_in_one_event_loop_after_another(path: Path) -> None:
    ledger = SqliteLedger(path)
    for number in range(3):
        asyncio.run(ledger.put(key(number), REPLY, b"{}"))
        assert asyncio.run(ledger.get(key(number))) == REPLY
    asyncio.run(ledger.close())


async def test_a_full_ledger_keeps_what_it_acknowledged(path: Path) -> None:
    async with SqliteLedger(path, max_bytes=200_000) as ledger:
        puts = [ledger.put(key(n), Reply("x" * 1000), b"{}") for n in range(50)]
        await asyncio.gather(*puts)
        stored = 50
        error: LedgerFull | None = None
        while error is None and stored < 1000:
            try:
                await ledger.put(key(stored), Reply("x" * 1000), b"{}")
                stored += 1
            except LedgerFull as full:
                error = full
        assert error is not None
        assert str(error) == f"no room left for the ledger `{path}`"
        assert "free some disk space" in error.help
        assert len(await ledger.get_many(key(n) for n in range(1000))) == stored
    async with SqliteLedger(path) as ledger:
        await ledger.put(key(stored), Reply("x" * 1000), b"{}")
        assert (await ledger.stats()).replies == stored + 1
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, and long enough to be looked at" * 100)
    with pytest.raises(LedgerError, match="is not a ledger") as caught:
        SqliteLedger(path)
    assert "--ledger" in caught.value.help
    assert path.read_text().startswith("these are notes")


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="of another program"):
        SqliteLedger(path)
    assert path.read_bytes() == before


async def test_a_ledger_of_a_newer_version_is_refused(path: Path) -> None:
    await SqliteLedger(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 4")
    connection.close()
    with pytest.raises(LedgerError, match="has format 4") as caught:
        SqliteLedger(path)
    assert "update atk-interp" in caught.value.help


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot create the folder"):
        SqliteLedger(tmp_path / "file" / "ledger.db")
    with pytest.raises(LedgerError, match="cannot write to the ledger"):
        SqliteLedger(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
async def test_every_acknowledged_reply_survives_a_kill(path: Path, seed: int) -> None:
    acknowledged: list[str] = []
    for round_ in range(3):
        with writing(path, round_ * 100_000, (round_ + 1) * 100_000) as process:
            assert process.stdout is not None
            wanted = random.Random(f"{seed} {round_}").randint(1, 1500)
            for line in process.stdout:
                acknowledged.append(line.strip())
                if len(acknowledged) >= wanted * (round_ + 1):
                    break
            process.send_signal(signal.SIGKILL)
            # What is still in the pipe was acknowledged too; a line cut short was not.
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    async with SqliteLedger(path) as ledger:
        found = await ledger.get_many(map(key, acknowledged))
    assert {name: reply.text for name, reply in found.items()} == {key(name): name * 50 for name in acknowledged}


@pytest.mark.slow
async def test_several_processes_share_a_ledger(path: Path) -> None:
    ranges = [(0, 600), (300, 900), (0, 600)]
    processes = [writing(path, first, last) for first, last in ranges]
    for process, (first, last) in zip(processes, ranges, strict=True):
        said, _ = process.communicate()
        assert process.returncode == 0
        assert sorted(map(int, said.split())) == list(range(first, last))
    async with SqliteLedger(path) as ledger:
        assert (await ledger.stats()).replies == 900


def test_opening_a_new_ledger_from_many_threads_at_once_creates_it_once(path: Path) -> None:
    opened: list[SqliteLedger] = []
    threads = [threading.Thread(target=lambda: opened.append(SqliteLedger(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    for ledger in opened:
        asyncio.run(ledger.close())
