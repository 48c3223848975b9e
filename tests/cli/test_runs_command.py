"""`atk-interp runs`: the runs of a project, as its ledger and their folders have them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.command import Cli, Told
from support.pipelines import replying, write_project

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {text: reply}
        attempts: 2
        accept: {is not b: reply != "b"}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
SCRIPT = [{"when": {"contains": "b", "in": "last"}, "reply": "b"}, {"reply": "fine"}]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    model = replying(tmp_path, SCRIPT, model="m", price={"input": 1000, "output": 1000})
    return write_project(tmp_path, SPEC, config={"output_dir": "one", "models": {"m": model}})


def lines(told: Told) -> list[str]:
    return [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE TIME       ", line) for line in told.out.splitlines()]


def test_runs_are_listed_the_latest_first(cli: Cli, project: Path) -> None:
    assert cli("run", "-q", str(project)).code == 0
    assert cli("run", "-q", str(project), "--set", "output_dir=two", "--limit", "2").code == 0
    assert lines(cli("runs")) == [
        "begun (UTC)       pipeline  status                    rows  rejected  calls paid   USD  folder",
        "DATE TIME         case      done (a trial of 2 rows)     1         1           0     -  two",
        "DATE TIME         case      done                         2         1           4  0.06  one",
    ]


def test_a_program_gets_all_of_it(cli: Cli, project: Path) -> None:
    cli("run", "-q", str(project))
    found: Any = json.loads(cli("runs", "--format", "json").out)
    (run,) = found["runs"]
    assert isinstance(run.pop("started"), int)
    assert isinstance(run.pop("ended"), int)
    assert Path(run.pop("folder")).name == "one"
    assert run.pop("usd") > 0
    assert run == {
        "pipeline": "case",
        "status": "done",
        "rows": 2,
        "rejected": 1,
        "calls": 4,
        "part": "",
        "lacking": "",
    }


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: shutil.rmtree(folder), "(its folder is gone)"),
        (lambda folder: (folder / "run.json").unlink(), "(it has left no `run.json`)"),
        (lambda folder: (folder / "run.json").write_text('{"half'), "(its `run.json` cannot be read)"),
        (lambda folder: (folder / "run.json").write_text('{"version": 0}'), "(its `run.json` is of another version)"),
    ],
)
def test_a_run_whose_record_is_lost_is_listed_with_what_is_known(
    cli: Cli, project: Path, spoil: Callable[[Path], Any], said: str
) -> None:
    cli("run", "-q", str(project))
    spoil(project.parent / "one")
    (_, line) = cli("runs").out.splitlines()
    assert line.endswith(f"one {said}")
    assert re.search(r"done +- +- +4 +0\.06 +one", line)


def test_only_the_latest_are_shown(cli: Cli, project: Path) -> None:
    for name in ("a", "b", "c"):
        cli("run", "-q", str(project), "--set", f"output_dir={name}")
    told = cli("runs", "--limit", "1")
    assert len(told.out.splitlines()) == 2
    assert told.err == "and 2 earlier ones; `--limit 3` shows all\n"


def test_a_project_without_a_ledger_has_no_runs(cli: Cli) -> None:
    told = cli("runs", "--ledger", "none.db")
    assert (told.code, told.err) == (
        2,
        "error: there is no ledger `none.db`\n  help: name the file with `--ledger`\n",
    )
