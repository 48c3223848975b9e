"""`atk-interp test`: what it prints of examples that do not hold, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Cli, Told
from support.pipelines import write_project

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      asked:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {tags: [question]}
        accept: {it is a question: 'question is matching("[?]$")'}
        examples:
          - given: {text: Salt was dear.}
            reply: <question>What was dear?</question>
            expect: {question: What was dear?}
          - reply: <question>Salt.</question>
            rejected: it is a question
    outputs: {out.jsonl: {from: asked, format: jsonl}}
    """
FAILING = SPEC.replace("expect: {question: What was dear?}", "expect: {question: What was salt?}").replace(
    "<question>Salt.</question>", "Salt?"
)
PRINTED = """\
pipeline.yaml:18:9: example 1 of step `asked`: `question` differs from what is expected
  `question` of row 1:
    - What was salt?
    + What was dear?

pipeline.yaml:21:9: example 2 of step `asked`: the reply is rejected as `the reply could not be read`, and was to be \
as `it is a question`
  = note: expected `<question>…</question>`, found none

"""


def test_examples_that_hold_are_counted(cli: Cli, tmp_path: Path) -> None:
    write_project(tmp_path, SPEC)

    assert cli("test", "pipeline.yaml") == Told(
        0, "", "2 examples tried; all hold; 1 without the prompt, whose fields are not all given\n"
    )


def test_examples_that_do_not_hold_are_shown(cli: Cli, tmp_path: Path) -> None:
    write_project(tmp_path, FAILING)
    told = cli("test")

    assert (told.code, told.out) == (1, PRINTED)
    assert told.err.startswith("2 examples tried; 2 do not hold; ")


def test_a_config_is_tried_with_its_values(cli: Cli, tmp_path: Path) -> None:
    write_project(tmp_path, FAILING)
    (tmp_path / "config.yaml").write_text("pipeline: pipeline.yaml\noutput_dir: out\n")
    told = cli("test", "config.yaml")

    assert told.code == 1
    assert told.out.count("  = note: tried with the values and prompts of `config.yaml`") == 2
    assert cli("test").err.startswith("4 examples tried; 4 do not hold; "), "a folder is its spec and its config"


def test_a_spec_with_errors_is_left_out_and_told(cli: Cli, tmp_path: Path) -> None:
    write_project(tmp_path, SPEC.replace("rejected: it is", "rejected: this is"))
    told = cli("test", "pipeline.yaml")

    assert told.code == 1
    assert "error[ATK433]" in told.out
    assert told.err == "no example tried; specs with errors were left out: 1 error\n"


def test_a_spec_without_examples_is_no_failure(cli: Cli, tmp_path: Path) -> None:
    write_project(
        tmp_path, SPEC.partition("        examples:")[0] + "    outputs: {o.jsonl: {from: asked, format: jsonl}}\n"
    )

    assert cli("test", "pipeline.yaml") == Told(0, "", "no example tried\n")


def test_a_path_that_does_not_exist_cannot_be_tried(cli: Cli) -> None:
    assert cli("test", "nowhere.yaml") == Told(2, "", "error: there is no file and no pipeline `nowhere.yaml`\n")


def test_a_name_stands_for_the_pipeline(cli: Cli) -> None:
    told = cli("test", "starter")
    assert told.code == 0, told.err
    assert "all hold" in told.err


def test_a_prompt_stands_for_the_specs_that_use_it(cli: Cli, tmp_path: Path) -> None:
    write_project(tmp_path, SPEC)
    (tmp_path / "notes.yaml").write_text("of: another program\n")

    assert cli("test", "prompts/ask.yaml").err.startswith("2 examples tried; all hold")
    assert cli("test", "notes.yaml", "prompts/ask.yaml").code == 1
    assert cli("test", "--skip-foreign", "notes.yaml", "prompts/ask.yaml").code == 0


def test_programs_read_json(cli: Cli, tmp_path: Path) -> None:
    write_project(tmp_path, FAILING)
    told = cli("test", "--format", "json")
    found = json.loads(told.out)

    assert (told.code, told.err, found["version"], found["diagnostics"]) == (1, "", 1, [])
    assert found["examples"][0] == {
        "pipeline": "case",
        "step": "asked",
        "number": 1,
        "file": "pipeline.yaml",
        "line": 18,
        "column": 9,
        "holds": False,
        "problem": "`question` differs from what is expected",
        "differences": [
            {"row": 1, "field": "question", "what": "differs", "expected": "What was salt?", "got": "What was dear?"}
        ],
        "notes": [],
        "prompt_filled_in": True,
    }


def test_errors_of_a_spec_are_in_the_json(cli: Cli, tmp_path: Path) -> None:
    write_project(tmp_path, SPEC.replace("rejected: it is", "rejected: this is"))
    told = cli("test", "--format", "json")

    assert told.code == 1
    assert [found["code"] for found in json.loads(told.out)["diagnostics"]] == ["ATK433"]


def test_a_failure_is_coloured_on_a_terminal_alone(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, FAILING)
    monkeypatch.setattr("atk_interp.cli.commands.test.coloured", lambda terminal: True)

    assert "\x1b[31m    - What was salt?\x1b[0m\n\x1b[32m    + What was dear?\x1b[0m" in cli("test").out
