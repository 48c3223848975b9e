"""`atk-interp plan`: what a run would do, and why."""

from __future__ import annotations

import json
from pathlib import Path

from support.command import Cli, Told
from support.openai_server import server_thread
from support.pipelines import write_project

SPEC = """
    spec: atk/v1
    name: qa
    params:
      output_dir: {type: path}
      style: {type: text, default: plain}
    models: {m: {sampling: {temperature: 0.5, max_tokens: 100}}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}]}
      first: {kind: generate, from: given, model: m, prompt: ask, parse: {text: question}}
      second: {kind: generate, from: first, model: m, prompt: second, parse: {text: answer}}
    outputs:
      out.jsonl: {from: second, format: jsonl}
    """
PROMPTS = {"ask": '- user: "In {{ style }} words: {{ text }}"', "second": '- user: "Answer {{ question }}"'}


def project(folder: Path, base_url: str = "http://127.0.0.1:9/v1") -> str:
    models = {"m": {"model": "test-model", "base_url": base_url, "price": {"input": 1000, "output": 2000}}}
    return str(write_project(folder, SPEC, PROMPTS, {"models": models}))


def lines(told: Told) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in told.out.splitlines() if line and line[0].isalpha()}


def test_what_is_not_known_yet_is_marked(tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        told = cli("plan", project(tmp_path, server.base_url))
        assert server.stats()["calls"] == 0
    assert (told.code, told.err) == (0, "")
    assert lines(told)["first"] == ["2", "0", "2+", "18+", "<=200", "~0.42"]
    assert lines(told)["second"] == ["?", "0", "?", "?", "?", "?"]
    assert "+ at least" in told.out
    assert "? not known" in told.out
    assert not (tmp_path / ".atk").exists()


def test_after_a_run_nothing_is_to_be_sent_and_after_a_change_what_it_changes(tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        path = project(tmp_path, server.base_url)
        assert cli("run", path, "--quiet", "--set", "output_dir=out").code == 0
        assert lines(cli("plan", path))["total"][:2] == ["4", "0"]
        changed = json.loads(cli("plan", path, "--set", "style=few", "--format", "json").out)
        assert server.stats()["calls"] == 4
    first = next(step for step in changed["steps"] if step["name"] == "first")
    assert first["to_send"] == {"value": 2, "is": "least"}
    told = cli("plan", path, "--set", "style=few", "--why", "first", "--row", "2")
    assert told.out.splitlines()[-4:] == ["", "message 1 (user)", "  -In plain words: b", "  +In few words: b"]
    assert "has no call to send" in cli("plan", path, "--why", "first").out


def test_why_is_told_as_json_too(tmp_path: Path, cli: Cli) -> None:
    told = json.loads(cli("plan", project(tmp_path), "--why", "first", "--format", "json").out)
    assert (told["step"], told["nearest"], told["differences"]) == ("first", None, [])


def test_what_would_stop_a_run_gives_its_exit_code(tmp_path: Path, cli: Cli) -> None:
    path = project(tmp_path)
    spec = SPEC.replace("{kind: rows, rows: [{text: a}, {text: b}]}", "{kind: read, path: nowhere}")
    write_project(tmp_path, spec, PROMPTS)
    told = cli("plan", path)
    assert told.code == 1
    assert "error: a run would stop: " in told.err


def test_a_row_without_why_is_a_mistake(tmp_path: Path, cli: Cli) -> None:
    assert cli("plan", project(tmp_path), "--row", "2").code == 2
