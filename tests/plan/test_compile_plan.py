"""From a checked spec and the values of a run to callables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.runtime import CannotRun
from support.pipelines import compiled, run, said

SPEC = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path}
      count: {type: int, optional: true}
      size: {type: int, default: 10}
    models: {m: {}}
    steps:
      given: {kind: rows, rows: [{text: some words}]}
      some: {kind: sample, from: given, count: =count}
      pieces: {kind: chunk, from: some, max_tokens: =size - 5}
      ask: {kind: generate, from: [pieces, some], model: m, prompt: ask, parse: {text: reply}}
    outputs:
      NAME: {from: ask, format: jsonl, where: reply != "no"}
    """


def spec(output: str = "out.jsonl") -> str:
    return SPEC.replace("NAME", output)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"size": 5}, "`max_tokens` of step `pieces` is 0, outside 1 to"),
        ({"count": -1}, "`count` of step `some` is -1, outside 0 to"),
    ],
)
async def test_a_value_that_makes_a_step_impossible_is_told_before_any_work(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(CannotRun, match=told):
        await run(tmp_path, spec(), said, **given)
    assert not (tmp_path / "out").exists()


async def test_an_output_may_stand_in_a_folder(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("sets/out.jsonl"), said)
    assert (tmp_path / "out" / "sets" / "out.jsonl").exists()
    assert len(ran.rows) == 2


async def test_where_is_about_the_output_alone(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(), lambda request: "no")
    assert ran.result.status == "done"
    assert ran.rows == []
    assert any("`where` left all of them out" in str(event) for event in ran.events)


def test_the_plan_knows_what_leads_where(tmp_path: Path) -> None:
    pipeline = compiled(tmp_path, spec())
    values = pipeline.values({"output_dir": "out"})
    plan = pipeline._plan(pipeline._analysis, values, None, None)
    assert plan.ancestors("ask") == {"given", "some", "pieces"}
    assert [step.name for step in plan.consumers("some")] == ["pieces", "ask"]
    assert {name: step.depth for name, step in plan.steps.items()} == {"given": 0, "some": 1, "pieces": 2, "ask": 3}
