"""`atk-interp rejects`: what a run has rejected, readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Cli
from support.pipelines import replying, write_project

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a, n: 1}, {text: b, n: 2}, {text: "long\\nb", n: 3}, {text: d, n: 4}]}
      few: {kind: filter, from: given, keep: n < 4}
      ask:
        kind: generate
        from: few
        model: m
        prompt: ask
        parse: {text: reply}
        attempts: 2
        accept: {is not b: reply != "b"}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
SCRIPT = [{"when": {"contains": "b", "in": "last"}, "replies": ["b", ""]}, {"reply": "fine"}]


@pytest.fixture
def folder(tmp_path: Path, cli: Cli) -> Path:
    """The output folder of a run."""
    models = {"m": replying(tmp_path, SCRIPT, model="m")}
    path = write_project(tmp_path, SPEC, config={"output_dir": "out", "models": models})
    assert cli("run", "-q", str(path)).code == 0
    return tmp_path / "out"


def row(folder: Path, number: int) -> str:
    records = [json.loads(line) for line in (folder / "rejected.jsonl").read_text().splitlines()]
    found: str = next(record["row"] for record in records if record["fields"]["n"] == number)
    return found


def test_rejected_rows_stand_below_their_reason_with_every_reply(cli: Cli, folder: Path) -> None:
    told = cli("rejects", "out")
    assert told.code == 0
    assert (
        told.out
        == f"""ask: 2 rows rejected: the reply is empty

  row {row(folder, 2)}, from rows
    text: b
    n: 2
    attempt 1: not accepted: is not b
      | b
    attempt 2: the reply is empty
      | (an empty reply)

  row {row(folder, 3)}, from rows
    text: long
    b
    n: 3
    attempt 1: not accepted: is not b
      | b
    attempt 2: the reply is empty
      | (an empty reply)

"""
    )
    assert told.err == "1 row filtered besides, which `--filtered` shows\n"


def test_the_latest_run_is_meant_when_none_is_named(cli: Cli, folder: Path) -> None:
    assert cli("rejects").out == cli("rejects", "config.yaml").out == cli("rejects", "out").out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--filtered"], ["ask: 2 rows rejected: the reply is empty", "few: 1 row filtered: keep: n < 4"]),
        (["--step", "few"], ["few: 1 row filtered: keep: n < 4"]),
        (["--reason", "EMPTY"], ["ask: 2 rows rejected: the reply is empty"]),
        (["--step", "ask", "--reason", "n <"], []),
    ],
)
def test_rows_are_chosen_by_step_and_reason(cli: Cli, folder: Path, options: list[str], told: list[str]) -> None:
    assert cli("rejects", "out", "--limit", "0", *options).out.splitlines() == told


def test_of_each_reason_only_so_many_are_shown(cli: Cli, folder: Path) -> None:
    assert cli("rejects", "out", "--limit", "1").out.count("\n  row ") == 1


def test_nothing_found_is_told_with_where_rows_were_lost(cli: Cli, folder: Path) -> None:
    told = cli("rejects", "out", "--step", "given")
    assert (told.out, told.err) == ("", "no row was lost so; rows were lost in `few`, `ask`\n")


def test_as_json_the_records_are_those_of_the_file(cli: Cli, folder: Path) -> None:
    lines = (folder / "rejected.jsonl").read_text().splitlines()
    assert cli("rejects", "out", "--format", "json").out.splitlines() == lines[1:]
    assert cli("rejects", "out", "--format", "json", "--filtered").out.splitlines() == lines
    assert cli("rejects", "out", "--format", "json", "--limit", "1").out.splitlines() == lines[1:2]


def test_half_a_line_at_the_end_is_passed_over(cli: Cli, folder: Path) -> None:
    path = folder / "rejected.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert cli("rejects", "out", "--limit", "0").out == "ask: 1 row rejected: the reply is empty\n"


def test_a_file_of_another_version_is_told(cli: Cli, folder: Path) -> None:
    (folder / "rejected.jsonl").write_text('{"id": 1}\n')
    assert "holds nothing that can be read" in cli("rejects", "out").err


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("prompts", "error: `prompts` has no `run.json`, so no run has ended there"),
        ("nowhere", "error: there is no run `nowhere`"),
    ],
)
def test_a_folder_without_a_run_is_told(cli: Cli, folder: Path, run: str, told: str) -> None:
    found = cli("rejects", run)
    assert found.code == 2
    assert found.err.startswith(told)


def test_a_run_whose_rejected_rows_are_gone_is_told(cli: Cli, folder: Path) -> None:
    (folder / "rejected.jsonl").unlink()
    found = cli("rejects", "out")
    assert (found.code, found.err) == (
        2,
        "error: `out/rejected.jsonl` is not there\n  help: run the pipeline again, from the ledger, and it will be\n",
    )


def test_what_a_reply_would_do_to_a_terminal_is_written_out(cli: Cli, folder: Path) -> None:
    path = folder / "rejected.jsonl"
    path.write_text(path.read_text().replace('"reply":"b"', '"reply":"\\u001b]0;x\\u0007"'))
    assert "\\u001b]0;x\\u0007" in cli("rejects", "out").out
