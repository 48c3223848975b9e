"""The options of `atk-interp lint`, as they are typed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from atk_interp.catalogue import all_codes
from atk_interp.cli.main import cli

GOOD = """spec: atk/v1
name: x
steps: {a: {kind: rows, rows: [{text: one}]}}
outputs: {a.jsonl: {from: a, format: jsonl}}
"""
WARNED = GOOD.replace("steps:", "params: {p: {type: int, default: 1}}\nsteps:")
BROKEN = GOOD.replace("from: a,", "from: b,")
MENDED = GOOD.replace("steps", "# why\nsteps")
MENDABLE = GOOD.replace("steps", "# atk: ignore[unused-param]\n# why\nsteps")


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["lint", *map(str, arguments)], standalone_mode=False, input=stdin)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pipeline.yaml"
    path.write_text(WARNED, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--select", "ATK5"], 1),
        (["--select", "ATK2,ATK3"], 0),
        (["--select", "unused-param", "--ignore", "warning"], 1),
        (["--ignore", "ATK522"], 0),
        (["--ignore", "unused-param"], 0),
        (["--extend-select", "missing-config"], 2),
        (["--select", "missing-config"], 1),
    ],
)
def test_what_is_told_can_be_chosen(spec: Path, arguments: list[str], told: int) -> None:
    assert len(run(*arguments, "--format", "short").stdout.splitlines()) == told


@pytest.mark.parametrize("option", ["--select", "--extend-select", "--ignore"])
def test_an_unknown_code_is_an_impossible_wish(spec: Path, option: str) -> None:
    result = run(option, "unused-parm")

    assert result.return_value == 2
    assert "`unused-parm` is no code, name or severity" in result.stderr
    assert "`unused-param`" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (WARNED, [], 0),
        (WARNED, ["--strict"], 1),
        (BROKEN, [], 1),
        (BROKEN, ["--exit-zero"], 0),
        (WARNED, ["--strict", "--exit-zero"], 0),
        (GOOD, ["--extend-select", "advice", "--strict"], 0),
    ],
)
def test_the_exit_code_is_as_wanted(spec: Path, text: str, arguments: list[str], code: int) -> None:
    spec.write_text(text)

    assert run(*arguments).return_value == code


def test_the_table_of_the_project_counts(spec: Path) -> None:
    Path("pyproject.toml").write_text("[tool.atk-interp.lint]\nstrict = true\nformat = 'short'\n")
    assert (run().return_value, len(run().stdout.splitlines())) == (1, 1)

    Path("pyproject.toml").write_text("[tool.atk-interp.lint]\nstrikt = true\n")
    assert "pyproject.toml:2:1: error[ATK630] bad-lint-setting" in run().stdout


def test_fix_mends_the_file_and_says_what_it_did(spec: Path) -> None:
    spec.write_text(MENDABLE)
    spec.chmod(0o640)
    result = run("--fix")

    assert spec.read_text() == MENDED
    assert oct(spec.stat().st_mode & 0o777) == "0o640"
    assert result.stdout == "pipeline.yaml:3:15: mended[ATK621] unused-ignore: remove the comment\n"
    assert result.stderr == "1 file checked: 1 finding mended in 1 file; nothing to complain of\n"
    assert (result.return_value, run("--fix").stdout) == (0, "")


def test_fix_follows_a_link_and_leaves_it(spec: Path) -> None:
    spec.rename("real.yaml")
    spec.symlink_to("real.yaml")
    Path("real.yaml").write_text(MENDABLE)
    run("--fix", spec)

    assert spec.is_symlink()
    assert Path("real.yaml").read_text() == MENDED


def test_diff_shows_the_change_and_makes_none(spec: Path) -> None:
    spec.write_text(MENDABLE)
    result = run("--diff")

    assert spec.read_text() == MENDABLE
    assert result.stdout.splitlines()[:2] == ["--- pipeline.yaml", "+++ pipeline.yaml"]
    assert [line for line in result.stdout.splitlines()[2:] if line[0] in "+-"] == ["-# atk: ignore[unused-param]"]
    assert result.return_value == 1
    assert (run("--diff", "--exit-zero").return_value, run("--fix", "--diff").stdout) == (0, result.stdout)


def test_a_diff_says_where_a_last_line_has_no_end(spec: Path) -> None:
    spec.write_text(GOOD.rstrip("\n") + "  # atk: ignore[unused-param]")

    assert run("--diff").stdout.count("\\ No newline at end of file\n") == 2


def test_standard_input_is_checked_as_the_file_that_it_is_said_to_be(spec: Path) -> None:
    result = run("-", "--stdin-filename", "pipeline.yaml", stdin=b"\xef\xbb\xbf" + BROKEN.encode())

    assert (result.return_value, result.stdout.split(":")[0]) == (1, "pipeline.yaml")
    assert run("--stdin-filename", "new/other.yaml", stdin=GOOD.encode()).return_value == 0
    assert run("-", stdin=BROKEN.encode()).stdout.startswith("stdin.yaml:4:")
    assert spec.read_text() == WARNED


def test_a_prompt_from_standard_input_is_checked_with_the_specs_that_use_it(spec: Path) -> None:
    asks = (
        "models: {m: {expects: any}}\nsteps:\n  b: {kind: generate, from: a, model: m, prompt: ask, parse: {text: t}}"
    )
    spec.write_text(
        GOOD.replace("steps: {a: ", f"{asks}\n  a: ").replace("one}]}}", "one}]}").replace("from: a, f", "from: b, f")
    )
    Path("prompts").mkdir()
    Path("prompts/ask.yaml").write_text('- user: "{{ text }}"\n')
    assert run().stdout == ""

    result = run("-", "--stdin-filename", "prompts/ask.yaml", stdin=b'- user: "{{ txt }}"\n')

    assert result.stdout.startswith("prompts/ask.yaml:1:13: error[ATK403] undefined-variable")


def test_standard_input_can_be_mended_and_nothing_else_is_printed(spec: Path) -> None:
    data = MENDABLE.replace("\n", "\r\n").encode()
    result = run("-", "--fix", "--stdin-filename", "pipeline.yaml", stdin=data)

    assert result.stdout_bytes == MENDED.replace("\n", "\r\n").encode()
    assert spec.read_text() == WARNED
    assert run("-", "--fix", stdin=GOOD.encode()).stdout == GOOD


def test_standard_input_is_text_and_stands_alone(spec: Path) -> None:
    assert run("-", stdin=b"\xff").return_value == 2
    assert run("-", "pipeline.yaml", stdin=b"").return_value == 2


def test_rules_are_listed_with_what_they_are(spec: Path) -> None:
    lines = run("--list-rules").stdout.splitlines()

    assert [line.split()[0] for line in lines] == [code.id for code in all_codes()]
    assert next(line for line in lines if line.startswith("ATK621")).split()[:4] == [
        "ATK621",
        "unused-ignore",
        "warning",
        "fix",
    ]


def test_statistics_count_by_code(spec: Path) -> None:
    spec.write_text(WARNED.replace("{p: ", "{q: {type: int, default: 1}, p: ").replace("name: x", "name: x\nnmae: x"))
    lines = [line.split() for line in run("--statistics").stdout.splitlines()]

    assert lines == [["2", "warning", "ATK522", "unused-param"], ["1", "error", "ATK201", "unknown-key"]]


def test_every_format_can_be_printed(spec: Path) -> None:
    spec.write_text(BROKEN)
    assert json.loads(run("--format", "sarif").stdout)["version"] == "2.1.0"
    assert json.loads(run("--format", "json").stdout)["diagnostics"][0]["code"] == "ATK511"
    assert ElementTree.fromstring(run("--format", "junit").stdout).get("failures") == "1"
    assert run("--format", "github").stdout.startswith("::error file=pipeline.yaml")
    assert run("--format", "short").stdout.count("\n") == 1


def test_a_file_of_another_tool_is_left_alone_when_that_is_wished(spec: Path) -> None:
    Path("data.yaml").write_text("jobs: 3\n")
    result = run("--skip-foreign", "data.yaml")

    assert (result.return_value, result.stdout) == (0, "")
    assert "1 file left alone" in result.stderr
    assert run("data.yaml").return_value == 1


def test_a_prompt_that_no_spec_uses_is_told(spec: Path) -> None:
    Path("prompts").mkdir()
    Path("prompts/lost.yaml").write_text("- user: hello\n")
    result = run("prompts/lost.yaml")

    assert result.return_value == 0
    assert "no spec that was found uses the prompt `prompts/lost.yaml`" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_cannot_be_written_is_told(spec: Path) -> None:
    spec.write_text(MENDABLE)
    spec.parent.chmod(0o500)
    try:
        assert run("--fix").return_value == 2
    finally:
        spec.parent.chmod(0o700)
