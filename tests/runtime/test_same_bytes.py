"""Latencies, failures of the endpoint, concurrency, the order of files on the disk, and ends at any moment: none of
them changes a byte of the outputs, of `rejected.jsonl` or of the books."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import os
import random
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atk_interp.llm.messages import EndpointDown, RateLimited, Reply, Request
from atk_interp.llm.retry import RetryPolicy
from support.command import start
from support.openai_server import Answer, Call, failure, server_thread
from support.pipelines import Ran, run, said, write_project

SPEC = """
    spec: atk/v1
    name: case
    params:
      input_dir: {type: path}
      output_dir: {type: path}
    models: {m: {sampling: {temperature: 0.5}}}
    steps:
      documents: {kind: read, path: =input_dir}
      passages: {kind: chunk, from: documents, max_tokens: 12}
      asked:
        kind: generate
        from: passages
        model: m
        prompt: ask
        samples: 2
        parse: {regex: '(?P<reply>[A-Z ]+)(?P<number>\\d+)'}
        accept:
          no nine: number[-1] != "9"
        attempts: 2
        keep: number[-1] != "4"
      grouped: {kind: group, from: asked, by: number | length, collect: {replies: =reply}, first: [number]}
      chosen: {kind: sample, from: asked, count: 12}
      mixed: {kind: shuffle, from: [chosen, asked]}
      judged:
        kind: vote
        from: mixed
        model: m
        prompt: judge
        parse: {regex: '(?P<mark>\\d)$'}
        votes: 3
        pass: (mark | first) not in ["1", "2"]
      sorted: {kind: sort, from: judged, by: number}
    outputs:
      out.jsonl: {from: sorted, format: jsonl}
      asked.jsonl: {from: asked, where: 'number[-1] != "3"', format: jsonl}
      grouped.jsonl: {from: grouped, format: jsonl}
    """
PROMPTS = {"judge": '- user: "judge {{ reply }} {{ number }}"'}
PATIENT = RetryPolicy(tries=1000, first_wait_s=1e-6, longest_wait_s=1e-6, gone_failures=10**9)
_FAILURES = (
    EndpointDown("`here` dropped the connection", "here"),
    EndpointDown("`here` answered 500", "here"),
    RateLimited("`here` answered 429", "here"),
)


def answer(text: str) -> str:
    """What the model says: words in capitals, and a number that nobody can foretell."""
    return f"SAYS {random.Random(text).randrange(10_000)}"


class Wild:
    """A model with latencies of a heavy tail, counted in turns of the event loop, that fails as often as asked."""

    def __init__(self, seed: int, failing: float) -> None:
        self._random = random.Random(seed)
        self._failing = failing

    async def complete(self, request: Request) -> Reply:
        for _ in range(min(200, int(self._random.paretovariate(1.0)) - 1)):
            await asyncio.sleep(0)
        if self._random.random() < self._failing:
            raise self._random.choice(_FAILURES)
        return Reply(answer(f"{said(request)} {request.sample} {request.attempt}"))

    async def aclose(self) -> None:
        return None


def documents(folder: Path, order: Sequence[int]) -> Path:
    """The same documents, written in some order."""
    folder.mkdir()
    for number in order:
        sentences = (f"This is sentence {n} of document {number}, and it says little." for n in range(number % 4 + 1))
        (folder / f"{number:02}.txt").write_text("\n\n".join(sentences))
        os.utime(folder / f"{number:02}.txt", (number, order.index(number)))
    return folder


async def ran(folder: Path, given: Path, name: str, model: Wild, concurrency: int, aborts: Sequence[int] = ()) -> Ran:
    """A run that is ended so many turns of the event loop after it has begun, again and again, and then is not."""
    for turns in (*aborts, None):
        running = asyncio.create_task(
            run(
                folder,
                SPEC,
                model,
                PROMPTS,
                settings={"concurrency": concurrency},
                ledger=f"{name}.db",
                output=name,
                policy=PATIENT,
                input_dir=given,
            )
        )
        if turns is None:
            return await running
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    raise AssertionError


def books(result: Ran) -> list[dict[str, Any]]:
    """What the books say, whoever has paid."""
    told = []
    for state in result.result.steps:
        fields = {name: getattr(state, name) for name in type(state).__slots__}
        fields["calls"] = fields.pop("called") + fields.pop("from_ledger")
        told.append({name: value for name, value in fields.items() if "tokens" not in name})
    return told


@functools.cache
def calmly(folder: Path) -> Ran:
    """A run in which nothing happens, one call after the other."""
    return asyncio.run(ran(folder, documents(folder / "given", range(10)), "calm", Wild(0, 0.0), 1))


_numbers = itertools.count()


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(1, 10**6),
    concurrency=st.sampled_from([1, 2, 3, 7, 16, 64, 200, 512]),
    failing=st.sampled_from([0.0, 0.05, 0.3]),
    aborts=st.lists(st.integers(0, 3000), max_size=3),
    order=st.permutations(range(10)),
)
def test_nothing_that_happens_on_the_way_changes_a_byte(
    tmp_path: Path, seed: int, concurrency: int, failing: float, aborts: list[int], order: list[int]
) -> None:
    calm = calmly(tmp_path)
    name = str(next(_numbers))
    given = documents(tmp_path / f"given-{name}", order)
    wild = asyncio.run(ran(tmp_path, given, name, Wild(seed, failing), concurrency, aborts))
    assert (calm.result.status, wild.result.status) == ("done", "done")
    assert len(calm.rows) > 3
    assert len(calm.rejected) > 5
    assert calm.bytes() == wild.bytes()
    assert books(calm) == books(wild)


class Killing:
    """What a server says that may fail now and then, and kills its client at one of its requests.

    Requests of a client that is dead may still arrive when the next one has begun, so a kill is for whoever is there.
    """

    def __init__(self, seed: int, fails: bool) -> None:
        self.fails = fails
        self.random = random.Random(seed)
        self.left = 0
        self.process: Any = None

    def __call__(self, call: Call) -> Answer | str:
        self.left -= 1
        if self.left <= 0 and self.process is not None:
            self.process.kill()
            self.process = None
        match self.random.randrange(20) if self.fails else None:
            case 0:
                return failure(429, "slow down", retry_after="0")
            case 1:
                return failure(500, "a mistake")
            case 2:
                return Answer(fault="reset")
        return answer(f"{call.last} {call.body.get('seed')}")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_neither_do_kills_with_a_server_that_fails_now_and_then(tmp_path: Path, seed: int) -> None:
    config = {"input_dir": str(documents(tmp_path / "given", range(10))), "output_dir": "out"}
    made = []
    chance = random.Random(seed)  # of its own: the server's is asked in the order in which requests come
    for name, kills in (("calm", 0), ("killed", 3)):
        reply = Killing(seed, fails=kills > 0)
        with server_thread(reply, latency_s=0.002) as server:
            endpoint: dict[str, Any] = {"model": "test-model", "base_url": server.base_url}
            endpoint |= {"concurrency": 8 if kills else 1, "sampling": {"seed": 7}}
            path = write_project(tmp_path / name, SPEC, PROMPTS, {**config, "models": {"m": endpoint}})
            for _ in range(kills):
                process = start(path)
                reply.left, reply.process = chance.randrange(1, 40), process
                process.communicate()
                assert process.returncode == -signal.SIGKILL
            reply.process = None
            last = start(path)
            told = last.communicate()[1]
            assert last.returncode == 0, told
        made.append(Ran(None, tmp_path / name / "out").bytes())  # type: ignore[arg-type]
    assert made[0] == made[1]
    assert made[0]["out.jsonl"].count(b"\n") > 3
