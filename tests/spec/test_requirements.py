"""What a spec requires of its parameters, and of the maps in them, when a pipeline is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import Pipeline, compile_pipeline
from atk_interp.runtime import CannotRun
from support.pipelines import compiled, run

SPEC = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path}
      least: {type: int, default: 1}
      most: {type: int, default: 3}
      near: {type: path, optional: true}
      styles: {type: list, of: map, needs: [name], takes: {weight: {type: float, min: 0}, tones: list}, default: []}
      marks: {type: map, of: map, takes: {worst: int, best: int}, default: {plain: {worst: 1, best: 5}}}
    requires:
      "`least` must not be above `most`": least <= most
      "each of `styles` must have a name of its own": styles | unique(attribute="name") | length == styles | length
      each mark must have a best above its worst: {each: marks as mark, holds: mark.worst < mark.best}
      "`near` must not be blank": near is none or near != ""
    models: {m: {}}
    steps:
      given: {kind: rows, rows: [{text: a}]}
      kept: {kind: filter, from: given, keep: near is none or near != text}
      ask: {kind: generate, from: kept, model: m, prompt: ask, parse: {text: reply}}
      told: {kind: map, from: ask, set: {said: "{{ least }} {{ most }} {{ styles | length }} {{ marks | length }}"}}
    outputs:
      out.jsonl: {from: told, format: jsonl}
    """
OUTER = """
    params:
      output_dir: {type: path}
      low: {type: int, default: 1}
    models: {m: {}}
    steps:
      inner: {kind: pipeline, pipeline: inner.yaml, with: {least: =low}}
    outputs:
      out.jsonl: {from: inner, format: jsonl}
    """


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"least": 4}, "`least` must not be above `most`; `least` is `4`, `most` is `3`"),
        ({"least": 4, "most": None}, "`least` must not be above `most`; `least` is `4`, `most` is `3`"),
        (
            {"marks": {"plain": {"worst": 2, "best": 1}, "kind": {"worst": 5, "best": 5}}},
            (
                'each mark must have a best above its worst; `plain` of `marks` is `{"worst":2,"best":1}`; '
                'each mark must have a best above its worst; `kind` of `marks` is `{"worst":5,"best":5}`'
            ),
        ),
        (
            {"styles": [{"name": "a"}, {"name": "a"}]},
            'each of `styles` must have a name of its own; `styles` is `[{"name":"a"},{"name":"a"}]`',
        ),
        (
            {"marks": {"plain": {"worst": 1, "best": 2}, "kind": {"worst": 5, "best": 5}}},
            'each mark must have a best above its worst; `kind` of `marks` is `{"worst":5,"best":5}`',
        ),
        (
            {"marks": {"plain": {"worst": 1}}},
            (
                "each mark must have a best above its worst; "
                '`plain` of `marks` is `{"worst":1}`, the record has no field `best`'
            ),
        ),
        ({"styles": [{"name": "a", "weight": -1}]}, "in item 1 of `styles`, `weight` must be at least 0, not -1"),
        ({"styles": [{"name": "a", "tones": "x"}]}, "in item 1 of `styles`, `tones` takes a list, not `x`"),
        ({"styles": [{"weight": 1}]}, "`styles` takes a list of maps with `name`; item 1 has no `name`"),
        ({"marks": {"plain": {"worst": "low"}}}, "in `plain` of `marks`, `worst` takes a whole number, not `low`"),
        ({"marks": {"plain": 3}}, "`marks` takes a mapping of maps; `plain` is `3`"),
    ],
)
async def test_values_that_are_not_as_required_are_told_before_a_model_is_asked(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(CannotRun) as error:
        await run(tmp_path, SPEC, lambda request: pytest.fail("a model was asked"), **given)
    assert str(error.value) == told


async def test_values_as_required_are_run_with(tmp_path: Path) -> None:
    styles = [{"name": "a", "weight": None}, {"name": "b", "tones": ["x"]}]
    ran = await run(tmp_path, SPEC, lambda request: "yes", least=3, styles=styles)
    assert [row["said"] for row in ran.rows] == ["3 3 2 1"]


def test_a_key_that_a_map_does_not_take_is_told_and_costs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = compiled(tmp_path, SPEC)
    styles = [{"name": "a"}, {"name": "b", "wieght": 2}]
    values = pipeline.values(
        {"output_dir": "out", "styles": styles, "marks": {"plain": {"wort": 1, "worst": 0, "best": 2}}}
    )
    assert values["styles"] == styles
    assert caplog.messages == [
        "`wieght` means nothing in item 2 of `styles`; did you mean `weight`?",
        "`wort` means nothing in `plain` of `marks`; did you mean `worst`?",
    ]


def test_what_a_call_gives_stands_for_what_a_config_has_wrong(tmp_path: Path) -> None:
    compiled(tmp_path, SPEC)
    (tmp_path / "config.yaml").write_text(json.dumps({"pipeline": "pipeline.yaml", "output_dir": "out", "least": 9}))
    pipeline = compile_pipeline(tmp_path / "config.yaml")
    assert pipeline.values({"most": 10})["least"] == 9
    with pytest.raises(CannotRun, match="`least` is `9`, `most` is `3`"):
        pipeline.plan({})


def within(folder: Path) -> Pipeline:
    compiled(folder, SPEC)
    (folder / "pipeline.yaml").rename(folder / "inner.yaml")
    return compiled(folder, "spec: atk/v1\nname: outer\n" + OUTER.replace("\n    ", "\n"))


def test_requirements_of_a_pipeline_within_are_told_with_its_step(tmp_path: Path) -> None:
    pipeline = within(tmp_path)
    pipeline.plan({"output_dir": "out", "low": 3})
    with pytest.raises(CannotRun) as error:
        pipeline.plan({"output_dir": "out", "low": 4})
    told = "`least` must not be above `most`; `least` is `4`, `most` is `3`"
    assert str(error.value) == f"pipeline `inner` in step `inner`: {told}".replace(
        "pipeline `inner`", "pipeline `case`"
    )
