"""Steps embed texts as they make calls: each text is paid once and kept, through the same limits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds import KINDS
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.embedded_vectors import EMBEDDED_VECTORS, PASSAGE, QUERY
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.rehearsal.forecast import forecast
from support.embedding_kind import with_embedding_kinds
from support.openai_server import Answer, Call, OpenAIServer, failure, server_thread
from support.pipelines import Ran, compiled, run, write_project

HEAD = """
spec: atk/v1
name: case
params: {output_dir: {type: path}, texts: {type: path, optional: true}}
models: {m: {expects: embedding}}
"""
ROWS = "  given: {kind: rows, rows: [{text: the cat sat}, {text: the cat lay}, {text: a dog}, {text: the cat sat}]}\n"
LIKENESS = f"""{HEAD}
steps:
{ROWS}
  like: {{kind: likeness, from: given, model: m}}
outputs: {{out.jsonl: {{from: like, format: jsonl}}}}
"""
NEARNESS = f"""{HEAD}
steps:
{ROWS}
  near: {{kind: nearness, from: given, model: m, question: a cat}}
outputs: {{out.jsonl: {{from: near, format: jsonl}}}}
"""
MANY = f"""{HEAD}
steps:
  given: {{kind: read, path: =texts}}
  like: {{kind: likeness, from: given, model: m}}
outputs: {{out.jsonl: {{from: like, format: jsonl}}}}
"""


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    table: Any = vars(KINDS)["own"]
    places, loaded = dict(table._places), dict(table._loaded)
    with_embedding_kinds()
    yield
    table._places.clear()
    table._places.update(places)
    table._loaded.clear()
    table._loaded.update(loaded)


def texts(folder: Path, count: int) -> Path:
    path = folder / f"{count}.jsonl"
    path.write_text("".join(f'{{"text": "text number {number}"}}\n' for number in range(count)))
    return path


def sent(server: OpenAIServer) -> list[str]:
    return [text for call in server.calls for text in call.texts]


async def asked(folder: Path, spec: str, server: OpenAIServer, output: str = "out", **given: Any) -> Ran:
    settings = {"base_url": server.base_url, **given.pop("settings", {})}
    return await run(folder, spec, settings=settings, output=output, **given)


async def test_a_step_over_all_rows_gets_its_vectors_in_order(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        ran = await asked(tmp_path, LIKENESS, server)
        assert ran.result.status == "done", ran.result.message
        likes = [row["like"] for row in ran.rows]
        assert likes[0] == 0
        assert 0.5 < likes[1] < 1
        assert sorted(sent(server)) == ["a dog", "the cat lay", "the cat sat"]
        assert len(server.calls) == 1


async def test_what_is_paid_is_not_sent_again(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        first = await asked(tmp_path, LIKENESS, server)
        server.calls.clear()
        again = await asked(tmp_path, LIKENESS.replace("a dog", "a new dog"), server, output="again")
        assert sent(server) == ["a new dog"]
    assert first.count("like") == {"rows_in": 4, "passed": 4, "rows_out": 4, "called": 3, "from_ledger": 1}
    assert again.count("like") == {"rows_in": 4, "passed": 4, "rows_out": 4, "called": 1, "from_ledger": 3}


async def test_tokens_and_cost_are_counted_as_those_of_calls(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        ran = await asked(tmp_path, LIKENESS, server, settings={"price": {"input": 2.0}})
    assert ran.result.spending is not None
    paid = ran.result.spending.paid
    assert (paid.calls, paid.input_tokens, paid.output_tokens) == (3, 8, 0)
    assert paid.usd == pytest.approx(16e-6)


async def test_each_text_is_an_entry_of_the_ledger(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        await asked(tmp_path, LIKENESS, server, settings={"dimensions": 64, "sampling": {"extra": {"user": "me"}}})
    requests = [json.loads(entry.request) for entry in SqliteLedger(tmp_path / "ledger.db").entries()]
    assert {request["input"] for request in requests} == {"a dog", "the cat lay", "the cat sat"}
    assert all(request == {**request, "model": "test-model", "dimensions": 64, "user": "me"} for request in requests)


async def test_rows_that_ask_at_one_time_share_a_request(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        ran = await asked(tmp_path, NEARNESS, server, settings={"prefix": {"query": "Q: ", "passage": "P: "}})
        assert ran.result.status == "done", ran.result.message
        assert sorted(sent(server)) == ["P: a dog", "P: the cat lay", "P: the cat sat", "Q: a cat"]
        assert len(server.calls) <= 3


async def test_many_texts_go_in_batches(tmp_path: Path) -> None:
    async with OpenAIServer(latency_s=0.001) as server:
        ran = await asked(tmp_path, MANY, server, texts=texts(tmp_path, 1000), settings={"concurrency": 4})
        assert ran.result.status == "done", ran.result.message
        assert len(ran.rows) == len(set(sent(server))) == len(sent(server)) == 1000
        assert max(len(call.texts) for call in server.calls) == 32
        assert len(server.calls) < 40
        assert server.stats()["most_in_flight"] <= 4


async def test_a_server_that_takes_fewer_texts_gets_fewer(tmp_path: Path) -> None:
    def reply(call: Call) -> Answer | str:
        return failure(422, "batch size > maximum allowed batch size 8") if len(call.texts) > 8 else ""

    async with OpenAIServer(reply) as server:
        ran = await asked(tmp_path, MANY, server, texts=texts(tmp_path, 400), settings={"concurrency": 1})
        assert ran.result.status == "done", ran.result.message
        sizes = [len(call.texts) for call in server.calls]
    assert sizes[-20:] == 20 * [8]


async def test_a_text_that_is_too_long_stops_the_run_and_keeps_the_others(tmp_path: Path) -> None:
    def reply(call: Call) -> Answer | str:
        long = any("dog" in text for text in call.texts)
        return failure(400, "maximum context length is 3 tokens") if long else ""

    async with OpenAIServer(reply) as server:
        ran = await asked(tmp_path, LIKENESS, server)
        assert ran.result.status == "impossible"
        assert "maximum context length" in ran.result.message
        server.calls.clear()
        await asked(tmp_path, LIKENESS, server, output="again")
        assert sent(server) == []


async def test_what_fails_is_tried_again_and_costs_no_row(tmp_path: Path) -> None:
    def reply(call: Call) -> Answer | str:
        return failure(500, "oh") if call.nth == 0 else ""

    async with OpenAIServer(reply) as server:
        ran = await asked(tmp_path, LIKENESS, server)
    assert ran.result.status == "done", ran.result.message


async def test_an_endpoint_that_is_away_ends_the_run_to_be_gone_on_with(tmp_path: Path) -> None:
    def reply(call: Call) -> Answer | str:
        return failure(500, "oh") if "text number 300" in call.texts else ""

    async with OpenAIServer(reply) as server:
        ran = await asked(tmp_path, MANY, server, texts=texts(tmp_path, 1000))
        assert ran.result.status == "unavailable"
        kept = {json.loads(entry.request)["input"] for entry in SqliteLedger(tmp_path / "ledger.db").entries()}
        assert len(kept) > 900
        server.calls.clear()
        server.reply = lambda call: ""
        ran = await asked(tmp_path, MANY, server, texts=texts(tmp_path, 1000))
        assert ran.result.status == "done"
        assert kept.isdisjoint(sent(server))


async def test_scripts_answer_for_tests(tmp_path: Path) -> None:
    client = ScriptedClient([{"when": {"contains": "dog"}, "vector": [0.0, 1.0]}, {"vector": [1.0, 0.0]}])
    ran = await run(tmp_path, LIKENESS, client)
    assert [row["like"] for row in ran.rows] == [0, 1, 0, 0]


async def test_what_makes_no_vectors_is_told(tmp_path: Path) -> None:
    class Talker:
        async def complete(self, request: Any) -> Any:
            raise AssertionError

        async def aclose(self) -> None:
            return

    ran = await run(tmp_path, LIKENESS, Talker())
    assert ran.result.status == "impossible"
    assert "makes no vectors" in ran.result.message


async def test_the_embedded_model_answers_where_no_endpoint_is_named(tmp_path: Path) -> None:
    pipeline = compiled(tmp_path, NEARNESS)
    result = await pipeline.run({"output_dir": tmp_path / "out"}, ledger=tmp_path / "ledger.db")
    assert result.status == "done", result.message
    near = {row["text"]: row["near"] for row in result.rows()}
    assert near["the cat sat"] > near["a dog"]
    requests = [json.loads(entry.request) for entry in SqliteLedger(tmp_path / "ledger.db").entries()]
    assert {request["model"] for request in requests} == {EMBEDDED_VECTORS}
    assert {request["input"] for request in requests} == {
        f"{QUERY}a cat",
        f"{PASSAGE}a dog",
        f"{PASSAGE}the cat lay",
        f"{PASSAGE}the cat sat",
    }


async def test_a_plan_knows_what_would_be_embedded(tmp_path: Path) -> None:
    endpoint = {"model": "test-model", "base_url": "http://localhost:1/v1", "price": {"input": 1.0}}
    plan = compiled(tmp_path, MANY).plan(
        {"output_dir": "out", "texts": texts(tmp_path, 700), "models": {"m": endpoint}}
    )
    step = next(step for step in (await forecast(plan, tmp_path / "ledger.db")).steps if step.name == "like")
    assert (step.to_send.value, step.recorded.value) == (700, 0)
    assert step.output_tokens.value == 0
    assert step.cost is not None
    assert step.cost.value
    async with OpenAIServer() as server:
        await asked(tmp_path, MANY, server, texts=texts(tmp_path, 500))
    step = next(step for step in (await forecast(plan, tmp_path / "ledger.db")).steps if step.name == "like")
    assert (step.to_send.value, step.recorded.value) == (200, 500)


@pytest.mark.slow
def test_ten_thousand_texts_are_sent_once_through_kills(tmp_path: Path) -> None:
    child: list[subprocess.Popen[str]] = []
    kill_at = 0

    def reply(call: Call) -> str:
        if child and len(server.calls) == kill_at:
            child[0].send_signal(signal.SIGKILL)
        return ""

    with server_thread(reply, latency_s=0.002) as server:
        models = {"m": {"model": "test-model", "base_url": server.base_url, "concurrency": 4}}
        given = {"output_dir": "out", "texts": str(texts(tmp_path, 10_000)), "models": models}
        config = write_project(tmp_path, MANY, config=given)
        times: Counter[str] = Counter()
        in_flight: Counter[str] = Counter()
        for moment in (30, 100, 0):
            kill_at = moment
            server.calls.clear()
            child[:] = [started(config)]
            code = child[0].wait(timeout=120)
            times.update(sent(server))
            assert code == (-signal.SIGKILL if moment else 0)
            if moment:
                kept = {json.loads(entry.request)["input"] for entry in SqliteLedger(tmp_path / "ledger.db").entries()}
                in_flight.update(set(times) - kept)
        assert len(times) == 10_000
        assert {text for text, count in times.items() if count > 1} <= set(in_flight)
        assert len(in_flight) <= 2 * 4 * 32
    rows = (tmp_path / "out" / "out.jsonl").read_text().splitlines()
    assert len(rows) == 10_000


def started(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "support.embedding_kind", "run", config.name, "--ledger", "ledger.db"]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    return subprocess.Popen(command, cwd=config.parent, env=environment, text=True, stdout=subprocess.DEVNULL)
