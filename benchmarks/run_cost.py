"""What a whole run costs per call, beside the floors of `floor.py`: rendering, parsing, ledger and outputs included.

Two steps of calls over rows of 1,000 characters: each row is judged, then written about. A server in another process
answers at once, or after 100 ms; the figures are the client's. Prints tables for README.md. `--profile` prints where
the time goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import math
import os
import platform
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "interpreter"), str(ROOT / "tests")]

from floor import VARIANTS, Cost, cpu_s, measure  # noqa: E402 - found by the line above

from support.openai_server import server_process  # noqa: E402

SPEC = """\
spec: atk/v1
name: cost
params:
  input_dir: {type: path}
  output_dir: {type: path}
models: {m: {sampling: {temperature: 0.5, max_tokens: 200}}}
steps:
  documents: {kind: read, path: =input_dir}
  judged:
    kind: generate
    from: documents
    model: m
    prompt: judge
    parse: {choice: [suitable, unsuitable], into: verdict, after: "Verdict:"}
    keep: verdict == "suitable"
  asked:
    kind: generate
    from: judged
    model: m
    prompt: ask
    parse:
      pattern: |
        **QUESTION:** {question}
        **ANSWER:** {answer}
    accept: {question is long enough: question | length > 10}
outputs:
  qa.jsonl: {from: asked, format: sharegpt, messages: [{user: "{{ question }}"}, {assistant: "{{ answer }}"}]}
"""
PROMPTS = {
    "judge": '- system: "Say what the passage is fit for."\n- user: "Judge this passage: {{ text }}"\n',
    "ask": '- system: "You write questions."\n- user: "Write a question about this passage: {{ text }}"\n',
}
REPLIES = {
    "Judge this": "It says something that can be asked about.\n\nVerdict: suitable",
    "Write a question": "**QUESTION:** What does the passage say?\n**ANSWER:** It says what it says.",
}


@contextmanager
def project(rows: int) -> Iterator[Path]:
    """A folder with the spec, its prompts, the replies of the server and one file of rows."""
    with tempfile.TemporaryDirectory(prefix="atk-cost-") as name:
        folder = Path(name)
        (folder / "prompts").mkdir()
        (folder / "pipeline.yaml").write_text(SPEC)
        for prompt, text in PROMPTS.items():
            (folder / "prompts" / f"{prompt}.yaml").write_text(text)
        (folder / "replies.json").write_text(json.dumps(REPLIES))
        words = "The tide rises and it falls, twice a day, and nobody minds. " * 17
        with (folder / "rows.jsonl").open("w") as file:
            for number in range(rows):
                file.write(json.dumps({"text": f"{number} {words}"[:1000]}) + "\n")
        yield folder


def run_once(folder: Path, url: str, number: str, concurrency: int, calls: int, output: str = "out") -> Cost:
    """One run into a new folder; with the ledger of a run before it, a replay."""
    from atk_interp.cli.running import collect_less
    from atk_interp.pipeline import compile_pipeline

    collect_less()
    pipeline = compile_pipeline(folder / "pipeline.yaml")
    models = {"m": {"model": "test-model", "base_url": url, "concurrency": concurrency}}
    given = {"input_dir": folder / "rows.jsonl", "output_dir": folder / f"{output}-{number}", "models": models}
    cpu, wall = cpu_s(), time.perf_counter()
    # `force`: every row is taken through every step again, also where what a step gave is kept.
    result = asyncio.run(pipeline.run(given, ledger=folder / f"ledger-{number}.db", force=True))
    cpu, wall = cpu_s() - cpu, time.perf_counter() - wall
    if result.status != "done" or sum(step.called + step.from_ledger for step in result.steps) != calls:
        raise SystemExit(f"the run went wrong: {result.message}")
    return Cost(calls / wall, cpu / calls * 1e6)


def show(name: str, costs: list[Cost], ideal: float = 0.0) -> None:
    best = max(costs, key=lambda cost: cost.calls_per_s) if ideal else min(costs, key=lambda cost: cost.cpu_us)
    share = f" {best.calls_per_s / ideal:.0%} |" if ideal else ""
    print(f"| {name} | {best.calls_per_s:,.0f} |{share} {best.cpu_us:,.0f} µs |", flush=True)


def profiled(folder: Path, url: str, concurrency: int, calls: int) -> None:
    with cProfile.Profile() as profile:
        run_once(folder, url, "profiled", concurrency, calls)
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


def at_once(folder: Path, url: str, options: argparse.Namespace) -> None:
    """What a call costs when the server answers at once."""
    calls, concurrency = options.calls, options.concurrency
    print(f"answers at once: {calls} calls, {concurrency} at a time; floors: {options.floor_calls} calls\n")
    print("| | calls per second | CPU per call |")
    print("|---|---:|---:|")
    costs: dict[str, list[Cost]] = {}
    for number in map(str, range(options.rounds)):  # in turn, so that a slow minute hits them all
        for name, make in VARIANTS.items():
            costs.setdefault(name, []).append(asyncio.run(measure(make, url, options.floor_calls, concurrency)))
        for name, output in (("a whole run", "out"), ("the same from the ledger", "again")):
            costs.setdefault(name, []).append(run_once(folder, url, number, concurrency, calls, output))
    for name, measured in costs.items():
        show(name, measured)


def paced(folder: Path, url: str, options: argparse.Namespace) -> None:
    """How near a run comes to what a server with some latency allows."""
    calls, concurrency = options.calls, options.paced_concurrency
    ideal = concurrency / options.latency_ms * 1000
    print(f"\nanswers after {options.latency_ms} ms: {calls} calls, {concurrency} at a time, ideal {ideal:,.0f}/s\n")
    print("| | calls per second | of the ideal | CPU per call |")
    print("|---|---:|---:|---:|")
    costs: dict[str, list[Cost]] = {}
    for number in range(options.rounds):
        for name in ("`atk_interp.llm.openai`", "bare aiohttp"):
            costs.setdefault(name, []).append(asyncio.run(measure(VARIANTS[name], url, calls, concurrency)))
        costs.setdefault("a whole run", []).append(run_once(folder, url, f"paced-{number}", concurrency, calls))
    for name, measured in costs.items():
        show(name, measured, ideal)


def cold(url: str, rounds: int) -> None:
    """The command itself, in a fresh process, over 1,000 rows."""
    with project(1000) as folder:
        models = {"m": {"model": "test-model", "base_url": url, "concurrency": 64}}
        config = {"pipeline": "pipeline.yaml", "input_dir": "rows.jsonl", "output_dir": "out", "models": models}
        (folder / "config.yaml").write_text(json.dumps(config))
        best = (math.inf, math.inf)
        for number in range(rounds):
            used, started = cpu_s(resource.RUSAGE_CHILDREN), time.perf_counter()
            command = [sys.executable, "-m", "atk_interp", "run", "config.yaml", "--ledger", f"{number}.db", "--quiet"]
            subprocess.run(
                [*command, "--set", f"output_dir=out-{number}"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT / "interpreter")},
                stdout=subprocess.DEVNULL,
                check=True,
            )
            best = min(best, (time.perf_counter() - started, cpu_s(resource.RUSAGE_CHILDREN) - used))
    print("\n| `atk-interp run`, 1,000 rows, 2,000 calls | wall | user + system |")
    print("|---|---:|---:|")
    print(f"| start-up, calls, outputs | {best[0]:.2f} s | {best[1]:.2f} s |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--floor-calls", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency-ms", type=int, default=100)
    parser.add_argument("--paced-concurrency", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3, help="the best one counts: the rest is the machine's noise")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    options.calls -= options.calls % 2
    with project(options.calls // 2) as folder:
        replies = ("--replies", str(folder / "replies.json"))
        with server_process(*replies) as url:
            run_once(folder, url, "warm", options.concurrency, options.calls)  # imports
            if options.profile:
                profiled(folder, url, options.concurrency, options.calls)
                return
            print(f"python {platform.python_version()}")
            at_once(folder, url, options)
            cold(url, options.rounds)
        with server_process(*replies, "--latency-ms", str(options.latency_ms)) as url:
            paced(folder, url, options)


if __name__ == "__main__":
    main()
