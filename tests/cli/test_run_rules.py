"""What the command line says of trials, budgets and strict runs, and how to go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.command import Cli
from support.pipelines import replying, write_project

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {choice: [yes, no], into: reply}, attempts: 1}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
SCRIPT = [{"when": {"contains": "b"}, "reply": "perhaps"}, {"reply": "yes"}]


def project(folder: Path, **endpoint: Any) -> str:
    config = {"output_dir": "out", "models": {"m": replying(folder, SCRIPT, concurrency=1, **endpoint)}}
    return str(write_project(folder, SPEC.replace("[yes, no]", "['yes', 'no']"), config=config))


def test_a_trial_says_that_it_was_one(tmp_path: Path, cli: Cli) -> None:
    path = project(tmp_path)
    told = cli("run", path, "--limit", "1")
    assert (told.code, "this was a trial of 1 row, not a whole run" in told.out) == (0, True)
    planned = json.loads(cli("plan", path, "--limit", "2", "--format", "json").out)
    ask = next(step for step in planned["steps"] if step["name"] == "ask")
    assert (ask["rows"]["value"], ask["to_send"]["value"]) == (2, 1)
    assert "not a whole run" not in cli("run", path).out


def test_a_strict_run_stops_with_the_reply(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", project(tmp_path), "--strict")
    assert told.code == 1
    assert "error: the first rejection of a strict run: step `ask` rejected row " in told.err
    assert "  help: the last reply was: perhaps" in told.err
    assert "to go on" not in told.err


def test_a_used_up_budget_says_how_to_go_on(tmp_path: Path, cli: Cli) -> None:
    path = project(tmp_path)
    told = cli("run", path, "--budget", "1 token")
    assert told.code == 4
    assert "error: the budget of 1 token is used up: 1 call has cost " in told.err
    assert "  help: run the same command with a `--budget` above " in told.err
    assert "to go on: " not in told.err
    assert cli("run", path, "--budget", "1M tokens").code == 0


def test_a_budget_that_is_none_is_told_before_anything_runs(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", project(tmp_path), "--budget", "5")
    assert (told.code, "error: `5` is no budget" in told.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_run_up_to_a_step_says_so(tmp_path: Path, cli: Cli) -> None:
    path = project(tmp_path)
    told = cli("run", path, "--until", "given")
    assert "this was a run up to step `given`, not a whole run" in told.out
    assert (tmp_path / "out/given.rows.jsonl").read_text().count("\n") == 3
    wrong = cli("run", path, "--until", "aks")
    assert (wrong.code, "there is no step `aks` to run up to" in wrong.err, "`ask`" in wrong.err) == (2, True, True)
