"""What one LLM call costs before `atk-interp` does anything: the floor that `run_cost.py` is compared with.

A server in another process answers at once; the figures are the client's. Prints a table for README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "interpreter"), str(ROOT / "tests")]

from support.openai_server import server_process  # noqa: E402 - found by the line above

MODEL = "test-model"
PROMPT = "x" * 1000
SAMPLING = {"temperature": 0.5, "max_tokens": 200}

Call = Callable[[int], Awaitable[str]]
Close = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Cost:
    """`cpu_us`: user and system time of the client's process per call, in microseconds."""

    calls_per_s: float
    cpu_us: float


def messages(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"{PROMPT}{number}"}]


def openai_as_documented(url: str, *, aiohttp_backend: bool) -> tuple[Call, Close]:
    import openai

    transport = openai.DefaultAioHttpClient() if aiohttp_backend else None
    client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, http_client=transport)

    async def call(number: int) -> str:
        reply = await client.chat.completions.create(
            model=MODEL,
            messages=messages(number),  # type: ignore[arg-type]
            temperature=SAMPLING["temperature"],
            max_tokens=int(SAMPLING["max_tokens"]),
        )
        return reply.choices[0].message.content or ""

    return call, client.close


def bare_aiohttp(url: str) -> tuple[Call, Close]:
    import aiohttp

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def call(number: int) -> str:
        body = {"model": MODEL, "messages": messages(number), **SAMPLING}
        async with session.post(f"{url}/chat/completions", json=body) as response:
            return str(json.loads(await response.read())["choices"][0]["message"]["content"])

    return call, session.close


def our_client(url: str) -> tuple[Call, Close]:
    from atk_interp.llm.messages import Message, Request
    from atk_interp.llm.openai import OpenAIClient

    client = OpenAIClient(url)

    async def call(number: int) -> str:
        request = Request(MODEL, (Message("user", f"{PROMPT}{number}"),), sampling=SAMPLING)
        return (await client.complete(request)).text

    return call, client.aclose


VARIANTS: dict[str, Callable[[str], tuple[Call, Close]]] = {
    "`AsyncOpenAI`, own transport": lambda url: openai_as_documented(url, aiohttp_backend=False),
    "`AsyncOpenAI`, aiohttp transport": lambda url: openai_as_documented(url, aiohttp_backend=True),
    "`atk_interp.llm.openai`": our_client,
    "bare aiohttp": bare_aiohttp,
}


def cpu_s(of: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(of)
    return used.ru_utime + used.ru_stime


async def measure(make: Callable[[str], tuple[Call, Close]], url: str, calls: int, concurrency: int) -> Cost:
    call, close = make(url)
    places = asyncio.Semaphore(concurrency)

    async def one(number: int) -> None:
        async with places:
            await call(number)

    await asyncio.gather(*(one(number) for number in range(concurrency)))  # imports, connections
    cpu, wall = cpu_s(), time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(calls)))
    cpu, wall = cpu_s() - cpu, time.perf_counter() - wall
    await close()
    return Cost(calls / wall, cpu / calls * 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3, help="the best one counts: the rest is the machine's noise")
    options = parser.parse_args()
    print(f"python {platform.python_version()}, {options.calls} calls, {options.concurrency} at a time\n")
    print("| client | calls per second | CPU per call |")
    print("|---|---:|---:|")
    with server_process() as url:
        for name, make in VARIANTS.items():
            costs = [asyncio.run(measure(make, url, options.calls, options.concurrency)) for _ in range(options.rounds)]
            best = min(costs, key=lambda cost: cost.cpu_us)
            print(f"| {name} | {best.calls_per_s:,.0f} | {best.cpu_us:,.0f} µs |", flush=True)


if __name__ == "__main__":
    main()
