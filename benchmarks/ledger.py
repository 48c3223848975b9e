"""What the ledger adds to a call: storing replies, and finding them again. Prints a table for README.md."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "interpreter"))

from atk_interp.ledger.sqlite import SqliteLedger  # noqa: E402 - found by the line above
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


async def main() -> None:
    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(REPLIES)]
    reply = Reply("y" * 600, usage=Usage(250, 150), model="m", seconds=1.5)
    print(f"{REPLIES:,} replies of 600 characters to requests of 1 kB, {CONCURRENCY} at a time\n")
    print("| ledger | per second | CPU each |")
    print("|---|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        async with SqliteLedger(path) as ledger:
            await measure("look up, not there", ledger.get, keys)
            await measure("put, committed to the disk", lambda key: ledger.put(key, reply, REQUEST), keys)
            await measure("look up, there", ledger.get, keys)
            stats = await ledger.stats()
        size = path.stat().st_size / REPLIES
    print(f"\n{stats.puts / stats.commits:.0f} replies a commit, {size:,.0f} bytes a reply")


if __name__ == "__main__":
    asyncio.run(main())
