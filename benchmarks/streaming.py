"""How near a run comes to a perfect pipeline: four steps of calls, each with a latency of its own, few of them long.

Latencies are lognormal, so that a step always has some calls that last much longer than the others. A run that waits
for the last call of a step before it begins the next pays for that once per step. Three figures over the same
latencies, which are those of a model in this process that sleeps: the schedule that begins every call as soon as its
row and a place at the endpoint are there (computed), the run (measured), and a schedule that takes all rows through
one step after the other (computed). Prints a table for README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import heapq
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "interpreter"))

STEPS = 4
HEAD = """\
spec: atk/v1
name: streaming
params:
  output_dir: {type: path}
models: {m: {expects: any}}
steps:
  rows: {kind: input, fields: {text: text}}
"""
STEP = "  s%d: {kind: generate, from: %s, model: m, prompt: s%d, parse: {text: r%d}}\n"
Latency = Callable[[int, int], float]
"""The seconds that the call of a row (by number) at a step (from 0) takes."""


def lognormal(median_s: float, sigma: float) -> Latency:
    """Latencies that depend on row and step alone."""

    def seconds(row: int, step: int) -> float:
        return random.Random(f"{row} {step}").lognormvariate(0, sigma) * median_s

    return seconds


def pipelined_s(rows: int, places: int, latency: Latency) -> float:
    """How long a perfect pipeline takes: a free place goes to the row that is furthest, of those to the first."""
    ready = [(0, row) for row in range(rows)]
    under_way: list[tuple[float, int, int]] = []
    now = 0.0
    while ready or under_way:
        while ready and len(under_way) < places:
            done, row = heapq.heappop(ready)
            heapq.heappush(under_way, (now + latency(row, -done), row, -done))
        now, row, step = heapq.heappop(under_way)
        if step + 1 < STEPS:
            heapq.heappush(ready, (-step - 1, row))
    return now


def step_by_step_s(rows: int, places: int, latency: Latency) -> float:
    """How long it takes when no row begins a step before all have ended the one before."""
    total = 0.0
    for step in range(STEPS):
        ends = [0.0] * places
        for row in range(rows):
            heapq.heapreplace(ends, ends[0] + latency(row, step))
        total += max(ends)
    return total


class Sleeping:
    """A model that takes its time."""

    def __init__(self, latency: Latency) -> None:
        self._latency = latency

    async def complete(self, request: object) -> object:
        from atk_interp.llm.messages import Reply, Request

        assert isinstance(request, Request)
        row, step = map(int, request.messages[-1].content.split())
        await asyncio.sleep(self._latency(row, step))
        return Reply(f"reply {hashlib.sha256(request.messages[-1].content.encode()).hexdigest()}")

    async def aclose(self) -> None:
        return None


async def run_s(folder: Path, rows: int, places: int, latency: Latency) -> float:
    """The seconds that a run takes, from its call to its result."""
    from atk_interp.pipeline import compile_pipeline

    (folder / "prompts").mkdir(parents=True)
    steps = "".join(STEP % (at, f"s{at - 1}" if at else "rows", at, at) for at in range(STEPS))
    end = f"outputs:\n  out.jsonl: {{from: s{STEPS - 1}, format: jsonl}}\n"
    (folder / "pipeline.yaml").write_text(HEAD + steps + end)
    for at in range(STEPS):
        (folder / "prompts" / f"s{at}.yaml").write_text(json.dumps([{"user": f"{{{{ text }}}} {at}"}]))
    pipeline = compile_pipeline(folder / "pipeline.yaml")
    given = {
        "rows": [{"text": str(row)} for row in range(rows)],
        "output_dir": folder / "out",
        "models": {"m": {"model": "sleeping", "concurrency": places}},
    }
    begun = time.perf_counter()
    result = await pipeline.run(given, ledger=folder / "ledger.db", clients={"m": Sleeping(latency)})  # type: ignore[dict-item]
    seconds = time.perf_counter() - begun
    if result.status != "done" or result.outputs[0].rows != rows:
        raise SystemExit(f"the run went wrong: {result.message}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--places", type=int, nargs="*", default=[16, 64], help="calls at a time")
    parser.add_argument("--median", type=float, default=0.05, help="seconds")
    parser.add_argument("--sigma", type=float, default=1.2)
    options = parser.parse_args()
    latency = lognormal(options.median, options.sigma)
    worst = max(latency(row, step) for row in range(options.rows) for step in range(STEPS))
    print(f"{options.rows} rows, {STEPS} steps, median {options.median * 1e3:.0f} ms, longest {worst:.1f} s\n")
    print("| calls at a time | perfect pipeline | this run | over it | step by step | over it |")
    print("|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="atk-streaming-") as folder:
        asyncio.run(run_s(Path(folder) / "warm", 10, 10, lognormal(0.001, 0)))  # imports
        for places in options.places:
            ideal = pipelined_s(options.rows, places, latency)
            took = asyncio.run(run_s(Path(folder) / str(places), options.rows, places, latency))
            barrier = step_by_step_s(options.rows, places, latency)
            print(
                f"| {places} | {ideal:.1f} s | {took:.1f} s | {took / ideal - 1:.0%} "
                f"| {barrier:.1f} s | {barrier / ideal - 1:.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
