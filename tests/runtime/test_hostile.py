"""A server that pushes back, breaks, hangs and talks nonsense, over real HTTP; two servers, one of which goes away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atk_interp.llm.retry import RetryPolicy
from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult
from atk_interp.runtime.events import CallFinished, Event
from support.openai_server import Answer, Call, OpenAIServer, echo, failure, hostile
from support.pipelines import write_project

SPEC = """
    spec: atk/v1
    name: case
    params: {output_dir: {type: path}}
    models: {m: {expects: any}}
    steps:
      given: {kind: read, path: rows.jsonl}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}, attempts: 1}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
POLICY = RetryPolicy(first_wait_s=0.02, longest_wait_s=0.5)


class Ran:
    def __init__(self, result: RunResult, attempts: Counter[int]) -> None:
        self.result = result
        self.attempts = attempts


async def run(folder: Path, rows: int, endpoint: Mapping[str, Any]) -> Ran:
    path = write_project(folder, SPEC, config={"models": {"m": {"model": "test-model", **endpoint}}})
    (folder / "rows.jsonl").write_text("".join(f'{{"text": "row {number}"}}\n' for number in range(rows)))
    attempts: Counter[int] = Counter()

    def count(event: Event) -> None:
        if isinstance(event, CallFinished):
            attempts[event.attempt] += 1

    given = {"output_dir": str(folder / "out")}
    running = compile_pipeline(path).run(given, ledger=folder / "ledger.db", policy=POLICY, listeners=[count])
    return Ran(await running, attempts)


async def test_all_rows_come_through_a_server_at_its_worst(tmp_path: Path) -> None:
    async with OpenAIServer(hostile(), takes=12, latency_s=0.005) as server:
        ran = await run(tmp_path, 400, {"base_url": server.base_url, "concurrency": 16, "timeout": 0.15})
        stats = server.stats()
    assert ran.result.status == "done"
    assert len(list(ran.result.rows())) == 400
    assert ran.attempts == {0: 400}
    assert {"0", "200", "429", "500"} <= stats["by_status"].keys()


async def test_a_server_that_dies_leaves_its_calls_to_the_other(tmp_path: Path) -> None:
    served: Counter[str] = Counter()

    def dying(call: Call) -> Answer | str:
        served["one"] += 1
        return echo(call) if served["one"] <= 50 else Answer(fault="reset")

    def living(call: Call) -> Answer:
        served["two"] += 1
        return Answer(echo(call), delay_s=0.002)

    async with OpenAIServer(dying) as one, OpenAIServer(living) as two:
        endpoint = {"base_url": [one.base_url, two.base_url], "concurrency": 4}
        ran = await run(tmp_path, 400, endpoint)
    assert ran.result.status == "done"
    assert ran.attempts == {0: 400}
    assert served["two"] == 350
    assert 50 + POLICY.gone_failures <= served["one"] <= 80  # then only one call now and then


async def test_where_calls_are_sent_is_no_part_of_what_they_are(tmp_path: Path) -> None:
    async with OpenAIServer() as one, OpenAIServer() as two:
        await run(tmp_path, 20, {"base_url": one.base_url})
        ran = await run(tmp_path, 20, {"base_url": [two.base_url, one.base_url]})
        assert (ran.result.status, two.stats()["calls"], one.stats()["calls"]) == ("done", 0, 20)


async def test_a_bad_request_stops_at_once_with_the_words_of_the_server(tmp_path: Path) -> None:
    async with OpenAIServer(lambda call: failure(400, "`top_k` must be positive")) as server:
        ran = await run(tmp_path, 200, {"base_url": server.base_url, "concurrency": 4})
        calls = server.stats()["calls"]
    assert ran.result.exit_code == 2
    assert "answered 400 bad request: `top_k` must be positive" in ran.result.message
    assert calls <= 4
