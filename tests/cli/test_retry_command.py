"""`atk-interp retry` and `run --retry-rejected`: rejected rows are asked again."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from support.command import Cli
from support.forks import forks
from support.openai_server import Call, failure, server_thread
from support.pipelines import replying, write_project

SPEC = """
    spec: atk/v1
    name: qa
    params:
      output_dir: {type: path}
    models: {m: {}, large: {}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}, accept: {fine: 'reply == "good"'},
        attempts: 2}
      more: {kind: generate, from: ask, model: m, prompt: more, parse: {text: more}}
    outputs:
      out.jsonl: {from: more, format: jsonl}
    """
PROMPTS = {"ask": '- user: "{{ text }}"', "more": '- user: "more of {{ text }}"'}
SCRIPT = [
    {"when": {"contains": "more"}, "reply": "more"},
    {"when": {"contains": "a"}, "reply": "good"},
    {"when": {"contains": "b", "attempt": 3}, "reply": "good"},
    {"reply": "bad"},
]


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A project in which row `a` passes, row `b` would in its fourth attempt, and row `c` never does."""
    models = {
        "m": replying(tmp_path, SCRIPT, price={"input": 1.0, "output": 2.0}),
        "large": replying(tmp_path, [{"reply": "good"}], "large.json"),
    }
    return str(write_project(tmp_path, SPEC, PROMPTS, {"output_dir": "out", "models": models}))


def texts(folder: Path) -> list[str]:
    return [json.loads(line)["text"] for line in (folder / "out" / "out.jsonl").read_text().splitlines()]


def test_a_dry_run_tells_what_would_be_asked_and_grants_nothing(tmp_path: Path, cli: Cli, config: str) -> None:
    assert cli("run", config, "--quiet").code == 0
    files = {path: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()}
    told = cli("retry", "out", "--dry-run")
    assert told.code == 0
    assert told.out == (
        "step     model  rows  calls  tokens in  tokens out    USD\n"
        "ask   scripted     2      4        ~60          ~4  ~0.00\n"
        "at most: an attempt that is accepted ends the asking\n"
    )
    assert told.err == "2 rejected rows are asked again: 2 of step `ask`\n"
    assert {path: path.read_bytes() for path in files} == files
    assert cli("verify", "out").code == 0


def test_rejected_rows_pass_or_not_and_it_is_said_how_many(tmp_path: Path, cli: Cli, config: str) -> None:
    assert cli("run", config, "--quiet").code == 0
    assert texts(tmp_path) == ["a"]
    told = cli("retry", "--quiet")
    assert (told.code, told.err) == (0, "")
    assert told.out.splitlines()[-1] == "of 2 rows asked again, 1 passed, and 1 is still rejected"
    assert texts(tmp_path) == ["a", "b"]
    told = cli("retry", config, "--model", "large", "--step", "ask", "--reason", "fine", "--attempts", "1", "--quiet")
    assert told.out.splitlines()[-1] == "of 1 row asked again, 1 passed, and 0 are still rejected"
    assert texts(tmp_path) == ["a", "b", "c"]
    assert cli("retry").out == "no rejected row can be asked again\n"
    assert cli("verify").code == 0
    again = cli("run", config)
    assert "nothing has changed" in again.err


def test_run_may_ask_rejected_rows_again_itself(tmp_path: Path, cli: Cli, config: str) -> None:
    assert cli("run", config, "--quiet", "--retry-rejected").code == 0  # nothing is known yet: a run as any other
    assert texts(tmp_path) == ["a"]
    assert cli("run", config, "--quiet", "--retry-rejected").code == 0
    assert texts(tmp_path) == ["a", "b"]


def test_a_cassette_replays_what_was_asked_again(tmp_path: Path, cli: Cli, config: str) -> None:
    for command in (("run", config), ("retry",), ("retry", "--model", "large")):
        assert cli(*command, "--quiet").code == 0
    assert cli("ledger", "export", "--run", "out", "-o", "tape.jsonl").code == 0
    assert json.loads((tmp_path / "tape.jsonl").read_text().splitlines()[0])["grants"] == 6
    assert "\ngranted to rejected rows: 6 further attempts\n" in cli("ledger", "stats").out
    told = cli("ledger", "import", "tape.jsonl", "--ledger", "ci.db")
    assert "and 6 further attempts that rejected rows may make" in told.out
    assert "and 6" not in cli("ledger", "import", "tape.jsonl", "--ledger", "ci.db").out
    told = cli("run", config, "--ledger", "ci.db", "--set", "output_dir=ci")
    assert "paid: 0 calls" in told.err
    for name in ("out.jsonl", "rejected.jsonl"):
        assert (tmp_path / "ci" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_run_whose_spec_has_changed_is_not_asked_again(tmp_path: Path, cli: Cli, config: str) -> None:
    assert cli("run", config, "--quiet").code == 0
    (tmp_path / "prompts" / "more.yaml").write_text('- user: "even more of {{ text }}"')
    told = cli("retry")
    assert told.code == 2
    assert "1 call of this run has no reply in the ledger" in told.err
    assert "`atk-interp run` it first" in told.err


def test_a_model_that_is_not_there_is_not_granted_for_good(tmp_path: Path, cli: Cli) -> None:
    def reply(call: Call) -> Any:
        return failure(404, "no such model", "model_not_found") if call.body["model"] != "test-model" else "bad"

    with server_thread(reply) as server:
        models = {slot: {"model": "test-model", "base_url": server.base_url} for slot in ("m", "large")}
        spec = SPEC.replace("text: reply}, accept", "text: reply}, on_reject: keep, accept")
        config = str(write_project(tmp_path, spec, PROMPTS, {"output_dir": "out", "models": models}))
        assert cli("run", config, "--quiet").code == 0
        told = cli("retry", "--model", "large-one", "--quiet")
        assert told.code == 2
        assert "has no model `large-one`" in told.err
        calls = server.stats()["calls"]
        assert cli("run", config, "--quiet").code == 0
        assert server.stats()["calls"] == calls


def test_a_retry_that_is_killed_goes_on_where_it_was(tmp_path: Path, cli: Cli) -> None:
    def reply(call: Call) -> str:
        if "more" in call.last:
            return "more"
        asked[call.last] = asked.get(call.last, 0) + 1
        return "good" if call.last == "a" or asked[call.last] > 3 else f"bad {call.last} {asked[call.last]}"

    asked: dict[str, int] = {}
    with forks() as start, server_thread(reply, latency_s=0.05) as server:
        models = {
            slot: {"model": "test-model", "base_url": server.base_url, "concurrency": 1} for slot in ("m", "large")
        }
        config = str(write_project(tmp_path, SPEC, PROMPTS, {"output_dir": "out", "models": models}))
        assert cli("run", config, "--quiet").code == 0
        before = server.stats()["calls"]
        child = start(["retry", "out", "--quiet"], tmp_path)
        while server.stats()["calls"] < before + 2 and not child.ends_within(0.01):
            continue
        child.kill()
        assert child.wait() == -signal.SIGKILL
        assert cli("retry", "out", "--quiet").code == 0
        assert texts(tmp_path) == ["a", "b", "c"]
        assert cli("verify", "out").code == 0
        # Two rows, two attempts each, and what follows of them; at most the one call in flight was sent twice.
        assert server.stats()["calls"] - before <= 2 * 2 + 2 + 1
