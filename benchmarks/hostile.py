"""What failures cost: a run against a server that pushes back, breaks, hangs and talks nonsense, beside a clean one.

The server works on so many calls at a time and pushes the others back, in both runs; in the hostile one 20 % of the
calls get 429 besides (some with `Retry-After`, in all its forms), 5 % get 500, 2 % lose their connection, 2 % get no
answer at all and 2 % get something that is no JSON. All rows must come through. Prints a table for README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "interpreter"), str(ROOT / "tests")]

from run_cost import project  # noqa: E402 - found by the line above

from support.openai_server import server_process  # noqa: E402


def run_once(folder: Path, url: str, name: str, rows: int, options: argparse.Namespace) -> float:
    """Calls that brought a reply, per second. Every row must come through, and no attempt be spent on a failure."""
    from atk_interp.pipeline import compile_pipeline
    from atk_interp.runtime.events import CallFinished, Event

    pipeline = compile_pipeline(folder / "pipeline.yaml")
    endpoint = {"model": "m", "base_url": url, "concurrency": options.concurrency, "timeout": options.timeout}
    given = {"input_dir": folder / "rows.jsonl", "output_dir": folder / name, "models": {"m": endpoint}}
    attempts: Counter[int] = Counter()

    def count(event: Event) -> None:
        if isinstance(event, CallFinished):
            attempts[event.attempt] += 1

    began = time.perf_counter()
    result = asyncio.run(pipeline.run(given, ledger=folder / f"{name}.db", listeners=[count]))
    seconds = time.perf_counter() - began
    if result.status != "done" or len(list(result.rows())) != rows or attempts != {0: 2 * rows}:
        raise SystemExit(f"the run went wrong: {result.message or attempts}")
    return 2 * rows / seconds


def told(url: str) -> str:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/_stats") as answer:
        stats = json.load(answer)
    return ", ".join(
        f"{count} x {status if status != '0' else 'reset'}" for status, count in stats["by_status"].items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8000, help="two calls each")
    parser.add_argument("--takes", type=int, default=48, help="how many calls the server works on at a time")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency-ms", type=int, default=100)
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    limits = ("--latency-ms", str(options.latency_ms), "--takes", str(options.takes))
    ideal = options.takes / options.latency_ms * 1000
    best: dict[str, float] = {}
    answers: dict[str, str] = {}
    with project(options.rows) as folder:
        server = (*limits, "--replies", str(folder / "replies.json"))
        for number in range(options.rounds):
            for name, more in (("clean", ()), ("hostile", ("--hostile",))):
                with server_process(*server, *more) as url:
                    rate = run_once(folder, url, f"{name}-{number}", options.rows, options)
                    if rate > best.get(name, 0.0):
                        best[name], answers[name] = rate, told(url)
    print(f"{2 * options.rows} calls, {options.takes} at a time allowed there and {options.concurrency} here\n")
    print("| server | replies per second | of the clean run | of what the server allows | what it answered |")
    print("|---|---:|---:|---:|---|")
    for name, rate in best.items():
        print(f"| {name} | {rate:,.0f} | {rate / best['clean']:.0%} | {rate / ideal:.0%} | {answers[name]} |")


if __name__ == "__main__":
    main()
