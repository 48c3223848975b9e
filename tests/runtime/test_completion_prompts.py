"""A `.txt` prompt is sent to `/v1/completions`, and all else of a run is as with messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.rehearsal.rendering import render_row
from support.openai_server import Answer, OpenAIServer
from support.pipelines import Ran, compiled, run

SPEC = """
steps:
  given: {kind: rows, rows: [{text: a}, {text: b}]}
  ask:
    kind: generate
    from: given
    model: m
    prompt: tell
    parse: {json: {name: text}}
    feedback: true
    sampling: {temperature: 0.5, max_tokens: 40, stop: ["\\n\\n", END]}
outputs:
  out.jsonl: {from: ask, format: jsonl}
"""
PROMPTS = {"tell.txt": "Text: {{ text }}\nJSON of its name: "}


async def ran(folder: Path, server: OpenAIServer, output: str = "out") -> Ran:
    return await run(folder, SPEC, prompts=PROMPTS, settings={"base_url": server.base_url}, output=output)


async def test_a_run_with_a_completion_prompt_sends_completions(tmp_path: Path) -> None:
    async with OpenAIServer(lambda call: json.dumps({"name": call.last[len("Text: ")]})) as server:
        done = await ran(tmp_path, server)
        assert done.result.status == "done", done.result.message
        assert done.rows == [{"text": "a", "name": "a"}, {"text": "b", "name": "b"}]
        assert {call.path for call in server.calls} == {"/v1/completions"}
        sampling = {"temperature": 0.5, "max_tokens": 40, "stop": ["\n\n", "END"]}
        assert sorted((call.body for call in server.calls), key=lambda body: str(body["prompt"])) == [
            {"model": "test-model", "prompt": f"Text: {letter}\nJSON of its name: ", **sampling} for letter in "ab"
        ]
        again = await ran(tmp_path, server, "again")
        assert len(server.calls) == 2
        assert again.bytes() == done.bytes()


async def test_a_completion_that_is_cut_is_a_failed_attempt(tmp_path: Path) -> None:
    cut = {"a": "length"}
    async with OpenAIServer(
        lambda call: Answer('{"name": "x"}', cut.pop(call.last[len("Text: ")], "stop")),
    ) as server:
        done = await ran(tmp_path, server)
        assert done.count("ask") == {"rows_in": 2, "passed": 2, "rows_out": 2, "called": 3}
        prompts = [call.body["prompt"] for call in server.calls]
        assert len(set(prompts)) == 2  # there are no turns to show the failed one in
    usage = [entry.reply.usage for entry in SqliteLedger(tmp_path / "ledger.db").entries()]
    assert all(tokens.input and tokens.output for tokens in usage)


@pytest.mark.parametrize("structured", ["auto", "always"])
async def test_a_completion_prompt_is_shown_as_it_would_be_sent(tmp_path: Path, structured: str) -> None:
    """Without a schema: `/v1/completions` has no `response_format`."""
    endpoint = {"model": "test-model", "structured": structured}
    plan = compiled(tmp_path, SPEC, PROMPTS).plan({"output_dir": "out", "models": {"m": endpoint}})
    call = (await render_row(plan, tmp_path / "ledger.db", "ask")).calls[0]
    assert [(message.role, message.content) for message in call.messages] == [("prompt", "Text: a\nJSON of its name: ")]
    assert "response_format" not in call.sampling
