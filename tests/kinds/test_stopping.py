"""What is said of rules that stop a run, and of how many rows a source is to give, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.pipeline import lint
from support.pipelines import write_project

ASKING = """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}, %s}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
DRAWING = """
    steps:
      %s
      checked: {kind: filter, from: given, keep: age > 3}
    outputs:
      out.jsonl: {from: checked, format: jsonl}
    """


def told(folder: Path, spec: str) -> list[str]:
    return [str(finding.message) for finding in lint(write_project(folder, spec)) if finding.is_error]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("stop_when_rejected: half", "`half` is no share of the rows"),
        ("stop_when_rejected: 50", "`50` is no share of the rows"),
        ("stop_when_rejected: 120%", "`120%` is no share of the rows"),
        ("stop_when_rejected: 0%", "a run would stop although no row is rejected"),
        ("stop_when_rejected: {rows: 30}", "`share` is missing in `stop_when_rejected`"),
        ("on_reject: stop, stop_when_rejected: 50%", "it never comes to this: the first rejection stops the run"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told(tmp_path: Path, option: str, message: str) -> None:
    assert told(tmp_path, ASKING % option) == [message]


@pytest.mark.parametrize("value", ["50%", "12.5 %", "0.5", "100%", "{share: 5%, rows: 7}"])
def test_shares_are_written_in_many_ways(tmp_path: Path, value: str) -> None:
    assert told(tmp_path, ASKING % f"stop_when_rejected: {value}") == []


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("until: 10 good", "`10 good` does not say how many rows are wanted"),
        ("until: 10 of chekced", "there is no step `chekced` to count the rows of"),
        ("until: {of: checked}", "`rows` is missing in `until`"),
        ("from: other, until: 10", "`until` is for a source, and this step draws for each row of another one"),
    ],
)
def test_a_goal_that_makes_no_sense_is_told(tmp_path: Path, step: str, message: str) -> None:
    before = "other: {kind: rows, rows: [{b: 1}]}\n      " if "other" in step else ""
    spec = DRAWING % f"{before}given: {{kind: draw, {step}, fields: {{age: {{int: [1, 9]}}}}}}"
    assert told(tmp_path, spec) == [message]


@pytest.mark.parametrize("value", ["10 accepted", "10 of checked", "10", "{rows: 10}", "{rows: 10, of: checked}"])
def test_goals_are_written_in_many_ways(tmp_path: Path, value: str) -> None:
    assert told(tmp_path, DRAWING % f"given: {{kind: draw, until: {value}, fields: {{age: {{int: [1, 9]}}}}}}") == []
