"""`atk-interp lint`, `explain` and `list` as they are called."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from atk_interp.catalogue import all_codes
from atk_interp.cli.main import cli

GOOD = "spec: atk/v1\nname: x\nsteps:\n  a: {kind: rows, rows: [{text: one}]}\noutputs:\n  a.jsonl: {from: a, format: jsonl}\n"  # noqa: E501
BAD = GOOD.replace("from: a,", "from: b,")
WARNED = GOOD.replace("steps:", "params: {p: {type: int, default: 1}}\nsteps:")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pipeline.yaml"


@pytest.mark.parametrize(
    ("text", "arguments", "code", "said"),
    [
        (GOOD, [], 0, "1 file checked: nothing to complain of"),
        (BAD, [], 1, "1 file checked: 1 error"),
        (WARNED, [], 0, "1 file checked: 1 warning"),
        (WARNED, ["--strict"], 1, "1 file checked: 1 warning"),
    ],
)
def test_the_exit_code_tells_findings(spec: Path, text: str, arguments: list[str], code: int, said: str) -> None:
    spec.write_text(text, encoding="utf-8")
    result = run("lint", "pipeline.yaml", *arguments)

    assert (result.return_value, result.stderr.strip()) == (code, said)


def test_a_path_that_does_not_exist_cannot_be_checked(spec: Path) -> None:
    result = run("lint", "nowhere.yaml")

    assert result.return_value == 2
    assert "there is no file and no pipeline `nowhere.yaml`" in result.stderr
    assert result.stdout == ""


def test_a_name_stands_for_the_pipeline(spec: Path) -> None:
    result = run("lint", "starter")

    assert (result.return_value, result.stderr.strip()) == (0, "1 file checked: nothing to complain of")


def test_an_empty_folder_is_not_called_good(spec: Path) -> None:
    assert run("lint").return_value == 2


def test_a_folder_is_searched_for_specs_and_configs_of_ours(spec: Path) -> None:
    for path, text in {
        "a/pipeline.yaml": GOOD,
        "b/c/config.yaml": "pipeline: ../../a/pipeline.yaml\n",
        "other/config.yaml": "jobs: 3\n",
        ".hidden/pipeline.yaml": BAD,
        "node_modules/x/pipeline.yaml": BAD,
    }.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")

    assert run("lint").stderr.strip() == "2 files checked: nothing to complain of"


def test_a_mistake_of_a_shared_spec_is_told_once(spec: Path) -> None:
    spec.write_text(BAD, encoding="utf-8")
    Path("config.yaml").write_text("pipeline: pipeline.yaml\n", encoding="utf-8")

    assert run("lint", ".").stderr.strip() == "2 files checked: 1 error"


def test_json_is_one_document_and_nothing_else(spec: Path) -> None:
    spec.write_text(BAD, encoding="utf-8")
    result = run("lint", "pipeline.yaml", "--format", "json")

    assert [found["code"] for found in json.loads(result.stdout)["diagnostics"]] == ["ATK511"]
    assert result.stderr == ""


def test_github_gets_one_command_per_finding(spec: Path) -> None:
    spec.write_text(BAD, encoding="utf-8")

    assert run("lint", "pipeline.yaml", "--format", "github").stdout.startswith("::error file=pipeline.yaml,line=6,")


@pytest.mark.slow
@pytest.mark.parametrize(("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_are_for_terminals_only(spec: Path, extra: dict[str, str], coloured: bool) -> None:
    spec.write_text(BAD, encoding="utf-8")
    ours, theirs = pty.openpty()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
        "TERM": "xterm",
        **extra,
    }
    command = [sys.executable, "-m", "atk_interp", "lint", "pipeline.yaml"]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment) as process:
        process.wait()
    os.close(theirs)
    printed = os.read(ours, 10_000)
    os.close(ours)

    assert (b"\x1b[" in printed) is coloured
    assert "\x1b" not in run("lint", "pipeline.yaml").stdout


@pytest.mark.parametrize("code", all_codes(), ids=lambda code: code.id)
def test_every_code_is_explained_by_its_id_and_by_its_name(code: object) -> None:
    by_id = run("explain", code.id.lower())  # type: ignore[attr-defined]
    by_name = run("explain", code.name)  # type: ignore[attr-defined]

    assert by_id.return_value == 0
    assert by_id.stdout == by_name.stdout
    assert all(line in by_id.stdout for line in ("Instead of\n", "write\n"))


def test_a_code_is_explained_to_programs_too() -> None:
    found = json.loads(run("explain", "unused-ignore", "--format", "json").stdout)

    assert (found["id"], found["severity"], found["fixable"]) == ("ATK621", "warning", True)
    assert "--fix" in run("explain", "ATK621").stdout
    assert "--fix" not in run("explain", "ATK622").stdout


def test_an_unknown_code_is_answered_with_the_nearest() -> None:
    result = run("explain", "unknwon-name")

    assert result.return_value == 2
    assert "`unknown-name`" in result.stderr


@pytest.mark.parametrize("what", ["pipelines", "kinds", "replies", "formats", "codes"])
def test_a_list_is_a_name_and_a_line_each(what: str) -> None:
    lines = run("list", what).stdout.splitlines()

    assert lines
    assert all(re.fullmatch(r"\S+ {2,}\S.*", line) for line in lines)
