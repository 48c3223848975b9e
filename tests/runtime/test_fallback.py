"""A slot whose addresses are all away is answered for by its fallback, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atk_interp.llm.retry import RetryPolicy
from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult
from atk_interp.runtime.events import Event, Noted
from support.openai_server import Answer, Call, OpenAIServer
from support.pipelines import write_project

NOWHERE = "http://127.0.0.1:9/v1"
SPEC = """
    spec: atk/v1
    name: case
    params: {output_dir: {type: path}}
    models: {m: {sampling: {temperature: 0.5, top_p: 0.9}}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask:
        {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}, sampling: {max_tokens: 7}}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
POLICY = RetryPolicy(first_wait_s=0.005, longest_wait_s=0.02, gone_failures=2, gone_after_s=0.2, unreached_after_s=0.2)


class Ran:
    def __init__(self, result: RunResult, folder: Path, events: list[Event]) -> None:
        self.result = result
        self.record = json.loads((folder / "run.json").read_text())
        self.rows = list(result.rows())
        self.told = [event.message for event in events if isinstance(event, Noted)]


async def run(folder: Path, models: Mapping[str, Any], output: str = "out") -> Ran:
    path = write_project(folder, SPEC, config={"models": dict(models)})
    events: list[Event] = []
    pipeline = compile_pipeline(path)
    result = await pipeline.run(
        {"output_dir": str(folder / output)}, ledger=folder / "ledger.db", policy=POLICY, listeners=[events.append]
    )
    return Ran(result, folder / output, events)


def named(call: Call) -> Answer:
    return Answer(f"{call.body['model']} says {call.last}")


def models(own: str, spare: str) -> dict[str, Any]:
    return {
        "m": {"model": "big", "base_url": own, "fallback": "spare", "sampling": {"top_p": 0.8}},
        "spare": {"model": "small", "base_url": spare, "sampling": {"temperature": 0.1}},
    }


async def test_the_calls_go_to_the_fallback_with_its_model_and_its_sampling(tmp_path: Path) -> None:
    async with OpenAIServer(named) as server:
        ran = await run(tmp_path, models(NOWHERE, server.base_url))
        assert ran.result.status == "done"
        assert [row["reply"] for row in ran.rows] == ["small says a", "small says b", "small says c"]
        body = server.calls[0].body
    # the pipeline's slot `m` and its endpoint are out of it, what the step says stays
    assert {name: body.get(name) for name in ("model", "temperature", "top_p", "max_tokens")} == {
        "model": "small",
        "temperature": 0.1,
        "top_p": None,
        "max_tokens": 7,
    }
    assert ran.told.count("all addresses of `m` are away: its calls go to `spare` until one is back") == 1
    assert ran.record["models"]["spare"]["answered_as"] == ["small"]
    assert ran.record["spending"]["models"]["small"]["paid"]["calls"] == 3


async def test_what_the_fallback_answered_is_not_asked_again_when_the_slot_is_back(tmp_path: Path) -> None:
    async with OpenAIServer(named) as spare, OpenAIServer(named) as own:
        first = await run(tmp_path, models(NOWHERE, spare.base_url))
        again = await run(tmp_path, models(own.base_url, spare.base_url), output="again")
        assert again.rows == first.rows
        assert (len(own.calls), len(spare.calls)) == (0, 3)
        assert again.record["spending"]["from_ledger"]["calls"] == 3


async def test_a_slot_that_is_there_is_asked_itself(tmp_path: Path) -> None:
    async with OpenAIServer(named) as spare, OpenAIServer(named) as own:
        ran = await run(tmp_path, models(own.base_url, spare.base_url))
        assert {row["reply"].split()[0] for row in ran.rows} == {"big"}
        assert spare.calls == []
        assert ran.told == []


async def test_fallbacks_have_fallbacks(tmp_path: Path) -> None:
    async with OpenAIServer(named) as server:
        chain = models(NOWHERE, NOWHERE)
        chain["spare"]["fallback"] = "last"
        chain["last"] = {"model": "tiny", "base_url": server.base_url}
        ran = await run(tmp_path, chain)
    assert {row["reply"].split()[0] for row in ran.rows} == {"tiny"}


async def test_when_all_of_them_stay_away_the_run_can_be_gone_on_with(tmp_path: Path) -> None:
    ran = await run(tmp_path, models(NOWHERE, NOWHERE))
    assert ran.result.exit_code == 4
    assert "refused the connection" in ran.result.message
