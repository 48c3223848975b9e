"""Runs that are no whole ones: a trial of so many rows, and a run up to a step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.messages import Request
from atk_interp.runtime import CannotRun
from support.pipelines import Ran, compiled, run, said

SPEC = """
    steps:
      given:
        kind: rows
        rows: [{text: a}, {text: b}, {text: c}, {text: d}, {text: e}, {text: f}]
      some: {kind: sample, from: given, count: 4}
      first: {kind: generate, from: some, model: m, prompt: ask, parse: {text: question}}
      second: {kind: generate, from: first, model: m, prompt: second, parse: {text: answer}}
      other: {kind: generate, from: given, model: m, prompt: other, parse: {text: said}}
    outputs:
      out.jsonl: {from: second, format: jsonl}
      first.jsonl: {from: first, format: jsonl}
      other.jsonl: {from: other, format: jsonl}
    """
PROMPTS = {"second": '- user: "Answer {{ question }}"', "other": '- user: "Other {{ text }}"'}


def answer(request: Request) -> str:
    return f"{said(request)}!"


def record(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ran.folder / "run.json").read_text())
    return found


async def test_a_trial_pays_for_what_the_whole_run_asks_of_the_first_rows(tmp_path: Path) -> None:
    whole = await run(tmp_path, SPEC, answer, PROMPTS, ledger="other.db", output="whole")
    trial = await run(tmp_path, SPEC, answer, PROMPTS, limit=2)
    assert trial.result.status == "done"
    assert trial.rows == whole.rows[:2]
    assert set(trial.said) < set(whole.said)
    assert len(trial.said) == 2 + 2 + 2
    after = await run(tmp_path, SPEC, answer, PROMPTS)
    assert after.bytes() == whole.bytes()
    assert sorted(trial.said + after.said) == whole.said


async def test_rows_beyond_a_trial_are_filtered_and_counted(tmp_path: Path) -> None:
    trial = await run(tmp_path, SPEC, answer, PROMPTS, limit=1)
    assert trial.count("limit before first") == {"rows_in": 4, "passed": 1, "filtered": 3, "rows_out": 1}
    assert trial.count("limit before other") == {"rows_in": 6, "passed": 1, "filtered": 5, "rows_out": 1}
    state = next(state for state in trial.result.steps if state.name == "limit before first")
    assert state.labels == {"beyond the one row of a trial run": 3}
    assert trial.rejected == []
    assert "limit before second" not in [state.name for state in trial.result.steps]


async def test_a_trial_does_not_pass_for_a_whole_run(tmp_path: Path) -> None:
    trial = await run(tmp_path, SPEC, answer, PROMPTS, limit=3)
    assert trial.result.part == "a trial of 3 rows"
    assert (record(trial)["limit"], record(trial)["part"]) == (3, "a trial of 3 rows")
    whole = await run(tmp_path, SPEC, answer, PROMPTS)
    assert (whole.result.part, record(whole)["part"], len(whole.rows)) == ("", "", 4)


async def test_a_trial_of_many_rows_is_as_the_whole_run(tmp_path: Path) -> None:
    whole = await run(tmp_path, SPEC, answer, PROMPTS)
    trial = await run(tmp_path, SPEC, answer, PROMPTS, limit=100, output="trial")
    assert whole.bytes() == {name.replace(".trial.", "."): content for name, content in trial.bytes().items()}
    assert trial.said == []


async def test_a_trial_leaves_the_outputs_of_a_whole_run_and_is_gone_with_the_next(tmp_path: Path) -> None:
    whole = await run(tmp_path, SPEC, answer, PROMPTS)
    bytes_ = (whole.folder / "out.jsonl").read_bytes()
    trial = await run(tmp_path, SPEC, answer, PROMPTS, limit=2)
    assert [output.path.name for output in trial.result.outputs] == [
        "out.trial.jsonl",
        "first.trial.jsonl",
        "other.trial.jsonl",
    ]
    assert record(trial)["outputs"][0]["file"] == "out.trial.jsonl"
    assert len((trial.folder / "out.trial.jsonl").read_bytes().splitlines()) == 2
    assert (whole.folder / "out.jsonl").read_bytes() == bytes_
    await run(tmp_path, SPEC, answer, PROMPTS)
    assert not list(whole.folder.glob("*.trial.*"))


LOOPED = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      rubric: {kind: once, model: m, prompt: rubric, parse: {text: says}}
      rounds:
        kind: loop
        from: given
        use: rubric
        until: text | length > 3
        max_rounds: 5
        steps:
          longer: {kind: map, set: {text: '=text ~ "x"'}}
          asked: {kind: generate, model: m, prompt: ask, parse: {text: text2}}
    outputs:
      out.jsonl: {from: rounds, format: jsonl}
    """
LOOP_PROMPTS = {"rubric": '- user: "rubric"'}


async def test_a_limit_stands_before_a_loop_and_not_in_it(tmp_path: Path) -> None:
    trial = await run(tmp_path, LOOPED, answer, LOOP_PROMPTS, limit=2)
    assert [row["text"] for row in trial.rows] == ["axxx", "bxxx"]
    assert trial.count("limit before rounds") == {"rows_in": 3, "passed": 2, "filtered": 1, "rows_out": 2}
    assert "rubric" in trial.said


async def test_a_run_up_to_a_step_writes_its_rows_and_leaves_later_outputs_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/out.jsonl").write_text("as it was\n")
    ran = await run(tmp_path, SPEC, answer, PROMPTS, until="first")
    assert [state.name for state in ran.result.steps] == ["given", "some", "first"]
    rows = [json.loads(line) for line in (ran.folder / "first.rows.jsonl").read_text().splitlines()]
    assert [set(row) for row in rows] == [{"text", "question"}] * 4
    assert (ran.folder / "out.jsonl").read_text() == "as it was\n"
    assert (ran.folder / "first.jsonl").read_bytes() == (ran.folder / "first.rows.jsonl").read_bytes()
    assert not (ran.folder / "other.jsonl").exists()
    assert record(ran)["until"] == "first"
    assert ran.result.part == "a run up to step `first`"
    whole = await run(tmp_path, SPEC, answer, PROMPTS)
    assert len(whole.said) == 4 + 6
    assert len(whole.rows) == 4


async def test_a_run_may_end_in_a_loop(tmp_path: Path) -> None:
    ran = await run(tmp_path, LOOPED, answer, LOOP_PROMPTS, until="rounds.longer", limit=1)
    lines = (ran.folder / "rounds.longer.rows.trial.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["ax", "axx", "axxx"]
    assert ran.result.part == "a trial of 1 row up to step `rounds.longer`"


OUTER = """
    spec: atk/v1
    name: outer
    params: {output_dir: {type: path}}
    models: {m: {expects: any}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      facts: {kind: pipeline, from: given, when: text != "b", pipeline: inner.yaml, models: {m: m}}
      last: {kind: map, from: facts, set: {more: =text}}
    outputs:
      out.jsonl: {from: last, format: jsonl}
    """
INNER = """\
spec: atk/v1
name: inner
models: {m: {expects: any}}
steps:
  taken: {kind: input, fields: {text: text}}
  upper: {kind: map, from: taken, set: {text: =text | upper}}
  asked: {kind: generate, from: upper, model: m, prompt: ask, parse: {text: reply}}
outputs:
  out.jsonl: {from: asked, format: jsonl}
"""


async def test_a_run_may_end_within_a_pipeline_that_is_a_step(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    ran = await run(tmp_path, OUTER, answer, until="facts.upper")
    rows = [json.loads(line)["text"] for line in (ran.folder / "facts.upper.rows.jsonl").read_text().splitlines()]
    assert (ran.result.status, rows, ran.said) == ("done", ["A", "C"], [])
    whole = await run(tmp_path, OUTER, answer, limit=1)
    assert whole.count("limit before facts.asked") == {"rows_in": 2, "passed": 1, "filtered": 1, "rows_out": 1}
    assert [row["text"] for row in whole.rows] == ["A", "b"]


async def test_a_step_that_is_none_is_told_with_what_is_near(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="there is no step `frist` to run up to") as told:
        await run(tmp_path, SPEC, answer, PROMPTS, until="frist")
    assert told.value.help == "did you mean `first`?"
    with pytest.raises(CannotRun, match="a trial run takes at least one row, not 0"):
        await run(tmp_path, SPEC, answer, PROMPTS, limit=0)


def test_how_much_is_run_counts_for_whether_a_run_is_unchanged(tmp_path: Path) -> None:
    from atk_interp.plan import Extent
    from atk_interp.plan.fingerprint import fingerprint

    pipeline = compiled(tmp_path, SPEC, PROMPTS)
    given = {"output_dir": "out"}
    extents = [Extent(), Extent(limit=1), Extent(limit=2), Extent(until="first"), Extent(strict=True)]
    assert len({fingerprint(pipeline.plan(given, extent), 0) for extent in extents}) == len(extents)
