"""What the ledger adds to a call, alone and beside another process; and a ledger of a million calls.

Prints tables for README.md. The large ledger (2.2 GB) is made once in the folder for temporary files and kept there;
`--large 0` leaves it out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "interpreter"))

from atk_interp.ledger.packing import COLUMNS, packed  # noqa: E402 - found by the line above
from atk_interp.ledger.report import report  # noqa: E402
from atk_interp.ledger.schema import connect  # noqa: E402
from atk_interp.ledger.sqlite import SqliteLedger  # noqa: E402
from atk_interp.llm.messages import Reply, Usage  # noqa: E402

REPLIES = 10_000
CONCURRENCY = 64
REQUEST = b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 1000 + b'"}]}'


async def measure(name: str, work: Callable[[str], Awaitable[object]], keys: list[str]) -> None:
    places = asyncio.Semaphore(CONCURRENCY)

    async def one(key: str) -> None:
        async with places:
            await work(key)

    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await asyncio.gather(*map(one, keys))
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - started
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"| {name} | {len(keys) / wall:,.0f} | {cpu / len(keys) * 1e6:,.0f} µs |", flush=True)


BESIDE = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from atk_interp.ledger.sqlite import SqliteLedger

async def main():
    ledger = SqliteLedger(sys.argv[2])
    await ledger.reserve("00" * 32)
    print("here", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def keys_of(name: str, count: int) -> list[str]:
    return [hashlib.sha256(f"{name}{number}".encode()).hexdigest() for number in range(count)]


def size_of(path: Path) -> int:
    return path.stat().st_size


@contextlib.contextmanager
def another_process(path: Path) -> Iterator[None]:
    """Somebody else who has the ledger open, and a call under way."""
    command = [sys.executable, "-c", BESIDE, str(ROOT / "interpreter"), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.kill()


async def calls(path: Path) -> None:
    reply = Reply("y" * 600, usage=Usage(250, 150), model="m", seconds=1.5)
    print(f"{REPLIES:,} replies of 600 characters to requests of 1 kB, {CONCURRENCY} at a time\n")
    print("| ledger | per second | CPU each |")
    print("|---|---:|---:|")

    async with SqliteLedger(path) as ledger:

        async def whole(key: str) -> None:
            assert await ledger.reserve(key) is None
            await ledger.put(key, reply, REQUEST)

        keys = keys_of("plain", REPLIES)
        await measure("look up, not there", ledger.get, keys)
        await measure("put, committed to the disk", lambda key: ledger.put(key, reply, REQUEST), keys)
        await measure("look up, there", ledger.get, keys)
        stats = await ledger.stats()
        size = size_of(path) / REPLIES
        await ledger.reserve(keys_of("first", 1)[0])
        await measure("a call: look up, claim, put", whole, keys_of("alone", REPLIES))
        ledger.record(path.parent / "out", "benchmark")
        await measure("the same, recorded as a run's", whole, keys_of("recorded", REPLIES))
        with another_process(path):
            await measure("the same, beside another process", whole, keys_of("beside", REPLIES))
    print(f"\n{stats.puts / stats.commits:.0f} replies a commit, {size:,.0f} bytes a reply")


def large_ledger(calls_: int) -> Path:
    """A ledger with so many calls; made when it is not there yet."""
    path = Path(tempfile.gettempdir()) / f"atk-ledger-{calls_}" / "ledger.db"
    done = path.with_name("done")
    if not done.exists():
        path.unlink(missing_ok=True)
        connection = connect(path, busy_timeout_s=60)
        connection.execute("PRAGMA synchronous = OFF")
        marks = ", ".join("?" * len(COLUMNS.split(",")))
        reply = Reply("y" * 600, usage=Usage(250, 150), model="m", seconds=1.5)
        connection.execute("PRAGMA cache_size = -1000000")
        digests = map(bytes.fromhex, keys_of("large", calls_))
        connection.execute("BEGIN")
        rows = (packed(digest, reply, 0, REQUEST) for digest in digests)
        connection.executemany(f"INSERT INTO replies ({COLUMNS}) VALUES ({marks})", rows)
        connection.execute("COMMIT")
        connection.close()
        done.touch()
    return path


def forget_pages(path: Path) -> None:
    """Have the system drop what it keeps of a file in memory."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


async def large(calls_: int) -> None:
    path = large_ledger(calls_)
    print(f"\n{calls_:,} calls, {size_of(path) / 1e9:.1f} GB\n")
    print("| | from the disk | from memory | CPU of that |")
    print("|---|---:|---:|---:|")
    cold = await looked_into(path, calls_, rounds=1, cold=True)
    warm = await looked_into(path, calls_, rounds=15, cold=False)
    for name, spent in cold.items():
        wall_s, cpu_s = (min(each) for each in zip(*warm[name], strict=True))
        print(f"| {name} | {spent[0][0] * 1000:,.0f} ms | {wall_s * 1000:,.0f} ms | {cpu_s * 1000:,.0f} ms |")


async def looked_into(path: Path, calls_: int, rounds: int, cold: bool) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU seconds to open a ledger, to look up other calls each time, and to sum it up."""
    numbers = random.Random(cold).sample(range(calls_), 1000 * rounds)
    taken: dict[str, list[tuple[float, float]]] = {}

    @contextlib.contextmanager
    def timed(name: str) -> Iterator[None]:
        if cold:
            forget_pages(path)
        started, cpu = time.perf_counter(), time.process_time()
        yield
        taken.setdefault(name, []).append((time.perf_counter() - started, time.process_time() - cpu))

    for _ in range(rounds):
        with timed("open, and the first lookup"):
            ledger = SqliteLedger(path)
            await ledger.get("00" * 32)
        await ledger.close()
    async with SqliteLedger(path) as ledger:
        for round_ in range(rounds):
            some = numbers[1000 * round_ : 1000 * round_ + 1000]
            with timed("look up 1,000 that are there"):
                found = await ledger.get_many(hashlib.sha256(f"large{number}".encode()).hexdigest() for number in some)
            with timed("look up 1,000 that are not"):
                await ledger.get_many(keys_of(f"no{round_}", 1000))
            assert len(found) == 1000
    with timed("`ledger stats`"):
        assert report(path).total.calls == calls_
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=1_000_000, metavar="CALLS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(calls(Path(folder) / "ledger.db"))
    if options.large:
        asyncio.run(large(options.large))


if __name__ == "__main__":
    main()
