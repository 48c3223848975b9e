"""A step of every kind, under latencies, failures, kills and files in any order on the disk: always the same bytes."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import os
import random
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atk_interp.llm.messages import EndpointDown, RateLimited, Reply, Request
from atk_interp.llm.retry import RetryPolicy
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import compile_pipeline
from support.command import start
from support.many_steps import SCRIPT, documents, reply_to, write_all
from support.openai_server import Answer, Call, failure, server_thread

PATIENT = RetryPolicy(tries=1000, first_wait_s=1e-6, longest_wait_s=1e-6, gone_failures=10**9)
NUMBERS = range(5)
_FAILURES = (
    EndpointDown("`here` dropped the connection", "here"),
    EndpointDown("`here` answered 500", "here"),
    RateLimited("`here` answered 429", "here"),
)


class Wild:
    """The model of the script, with latencies of a heavy tail in turns of the event loop; fails as often as asked."""

    def __init__(self, seed: int, failing: float) -> None:
        self._random = random.Random(seed)
        self._failing = failing
        self._script = ScriptedClient(SCRIPT, remembers=False)

    async def complete(self, request: Request) -> Reply:
        for _ in range(min(200, int(self._random.paretovariate(1.0)) - 1)):
            await asyncio.sleep(0)
        if self._random.random() < self._failing:
            raise self._random.choice(_FAILURES)
        return await self._script.complete(request)

    async def aclose(self) -> None:
        return None


def in_order(folder: Path, order: Sequence[int]) -> Path:
    """The same documents, made in some order and under other names first: a folder lists them as it likes."""
    for number in order:
        documents(folder, [number])
        (folder / f"{number:02}.txt").rename(folder / f"{number}.part")
        os.utime(folder / f"{number}.part", (number, order.index(number)))
    for number in reversed(order):
        (folder / f"{number}.part").rename(folder / f"{number:02}.txt")
    return folder


async def ran(folder: Path, docs: Path, model: Wild, concurrency: int, aborts: Sequence[int] = ()) -> Path:
    """The output folder of a run that is ended so many turns of the event loop after it has begun, and then is not."""
    config = write_all(folder)
    pipeline = compile_pipeline(config)
    models = {slot: {"model": slot, "concurrency": concurrency} for slot in "mn"}
    given = {"input_dir": docs, "output_dir": folder / "out", "models": models}
    for turns in (*aborts, None):
        clients: Any = {"m": model, "n": model}
        running = asyncio.create_task(pipeline.run(given, ledger=folder / "ledger.db", policy=PATIENT, clients=clients))
        if turns is None:
            result = await running
            assert result.status == "done", result.message
            return folder / "out"
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    raise AssertionError


def made(out: Path) -> dict[str, Any]:
    """What must be the same: every output, `rejected.jsonl`, and what `run.json` counts, whoever has paid."""
    own = ("run.json", "events.jsonl", "report.html", ".atk-lock")
    files: dict[str, Any] = {path.name: path.read_bytes() for path in out.iterdir() if path.name not in own}
    record = json.loads((out / "run.json").read_text())
    for step in record["steps"]:
        calls = step.pop("called") + step.pop("from_ledger")
        counts = {key: value for key, value in step.items() if "tokens" not in key}
        files[f"step {step['name']}"] = {**counts, "calls": calls}
    files["rejected"] = record["rejected"]
    return files


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Fail with the first difference. The folders of a test that failed stay where pytest has made them."""
    assert one.keys() == other.keys()
    for name, content in one.items():
        if isinstance(content, bytes):
            assert content.splitlines() == other[name].splitlines(), name
        assert content == other[name], name


@functools.cache
def calmly(folder: Path) -> dict[str, Any]:
    """What a run makes in which nothing happens, one call after the other."""
    calm = made(asyncio.run(ran(folder / "calm", documents(folder / "calm" / "docs", NUMBERS), Wild(0, 0.0), 1)))
    made_of_rows = ("split", "nested", "joined", "levelled", "asked", "calls", "calls_levelled")
    assert all(calm[f"{name}.jsonl"].count(b"\n") > 1 for name in made_of_rows)
    assert calm["rejected"] > 5
    return calm


_numbers = itertools.count()


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(1, 10**6),
    concurrency=st.sampled_from([1, 2, 7, 64, 512]),
    failing=st.sampled_from([0.0, 0.05, 0.3]),
    aborts=st.lists(st.integers(0, 6000), max_size=3),
    order=st.permutations(NUMBERS),
)
def test_nothing_that_happens_on_the_way_changes_a_byte(
    tmp_path: Path, seed: int, concurrency: int, failing: float, aborts: list[int], order: list[int]
) -> None:
    folder = tmp_path / str(next(_numbers))
    docs = in_order(folder / "docs", order)
    same(calmly(tmp_path), made(asyncio.run(ran(folder, docs, Wild(seed, failing), concurrency, aborts))))


class Killing:
    """What a server says, as the script has it. It may fail, and kills the client that is there at a request."""

    def __init__(self, seed: int, *, fails: bool) -> None:
        self._random = random.Random(seed)
        self._fails = fails
        self._lock = threading.Lock()
        self._left = 0
        self._process: Any = None

    def kill(self, process: Any, after: int) -> None:
        """Kill a process when so many more requests have come."""
        with self._lock:
            self._left, self._process = after, process

    def __call__(self, call: Call) -> Answer | str:
        with self._lock:
            self._left -= 1
            if self._left <= 0 and self._process is not None:
                self._process.kill()
                self._process = None
            draw = self._random.randrange(20) if self._fails else None
        match draw:
            case 0:
                return failure(429, "slow down", retry_after="0")
            case 1:
                return failure(500, "a mistake")
            case 2:
                return Answer(fault="reset")
        return reply_to("\n".join(message["content"] for message in call.body["messages"]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_neither_do_kills_in_loops_and_at_barriers(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    results = []
    for name, kills in (("calm", 0), ("killed", 4)):
        folder = tmp_path / name
        reply = Killing(seed, fails=kills > 0)
        order = [*NUMBERS]
        chance.shuffle(order)
        in_order(folder / "docs", order)
        with server_thread(reply, latency_s=0.001) as server:
            endpoint = {"base_url": server.base_url, "concurrency": chance.choice([2, 8, 64]) if kills else 1}
            models = {slot: {**endpoint, "model": slot, "sampling": {"seed": 7}} for slot in "mn"}
            config = write_all(folder, input_dir="docs", output_dir="out", models=models)
            for _ in range(kills):
                process = start(config)
                reply.kill(process, chance.randrange(1, 60))
                told = process.communicate()[1]
                assert process.returncode in (-signal.SIGKILL, 0), told
            reply.kill(None, 0)
            last = start(config)
            told = last.communicate()[1]
            assert last.returncode == 0, told
        results.append(made(folder / "out"))
    same(*results)
