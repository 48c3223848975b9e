"""`atk-interp render`: the messages of a step as they would be sent."""

from __future__ import annotations

import json
from pathlib import Path

from support.command import Cli
from support.openai_server import server_thread
from support.pipelines import replying, write_project

SPEC = """
    spec: atk/v1
    name: qa
    params:
      output_dir: {type: path}
      style: {type: text, default: plain}
    models: {m: {sampling: {temperature: 0.5}}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}]}
      first: {kind: generate, from: given, model: m, prompt: ask, parse: {text: question}}
      second: {kind: generate, from: first, model: m, prompt: second, parse: {text: answer}, samples: 2}
    outputs:
      out.jsonl: {from: second, format: jsonl}
    """
PROMPTS = {"ask": '- user: "In {{ style }} words: {{ text }}"', "second": '- user: "{{ question }}"'}


def project(folder: Path, base_url: str = "http://127.0.0.1:9/v1") -> str:
    models = {"m": {"model": "test-model", "base_url": base_url, "api_key_env": "NO_SUCH_KEY"}}
    return str(write_project(folder, SPEC, PROMPTS, {"models": models}))


def test_a_message_is_printed_as_it_would_be_sent_without_a_key_or_an_output_folder(tmp_path: Path, cli: Cli) -> None:
    told = cli("render", project(tmp_path), "first", "--row", "2", "--set", "style=few")
    assert told.code == 0
    assert "step first, row 2 of 2" in told.out
    assert 'sampling {"temperature": 0.5}' in told.out
    assert "not in the ledger" in told.out
    assert "prompts/ask.yaml:1\nIn few words: b\n" in told.out
    assert list(tmp_path.glob("out*")) == list(tmp_path.glob(".atk")) == []


def test_json_says_the_same(tmp_path: Path, cli: Cli) -> None:
    told = json.loads(cli("render", project(tmp_path), "first", "--format", "json").out)
    (call,) = told["calls"]
    assert call["messages"][0] | {"tokens": 0} == {
        "role": "user",
        "content": "In plain words: a",
        "tokens": 0,
        "file": "prompts/ask.yaml",
        "line": 1,
    }
    assert (call["model"], call["in_ledger"], told["row"]["of"]) == ("test-model", False, 2)


def test_a_row_that_needs_a_reply_first_is_not_asked_for(tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        told = cli("render", project(tmp_path, server.base_url), "second")
        assert server.stats()["calls"] == 0
    assert told.code == 2
    assert "row 1 of step `second` cannot be reached" in told.err
    assert "help: run the pipeline, or a part of it, and ask again" in told.err


def test_samples_with_equal_messages_are_printed_once(tmp_path: Path, cli: Cli) -> None:
    models = {"m": replying(tmp_path, [{"reply": "why?"}])}
    path = str(write_project(tmp_path, SPEC, PROMPTS, {"models": models}))
    assert cli("run", path, "--quiet", "--set", "output_dir=out").code == 0
    told = cli("render", path, "second")
    assert told.out.count("in the ledger") == 2
    assert told.out.count("\nwhy?") == 1
    assert "the messages of call 1" in told.out


def test_a_spec_with_errors_is_not_rendered(tmp_path: Path, cli: Cli) -> None:
    path = project(tmp_path)
    (tmp_path / "prompts" / "ask.yaml").write_text('- user: "{{ texst }}"')
    told = cli("render", path, "first")
    assert told.code == 1
    assert "; nothing was rendered" in told.err
