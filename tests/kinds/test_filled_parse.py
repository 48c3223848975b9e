"""A `parse` whose words or scores a parameter gives: a config says what may be answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.replies import OptionsError, build_reader
from atk_interp.runtime import CannotRun
from support.lint_text import analysed
from support.pipelines import Ran, run

HEAD = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path}
      classes: {type: list, default: [praise, blame]}
      rubric:
        type: map
        default: {accuracy: {min: 1, max: 5, means: Is it true?}, invents: {fails: true, means: Is it made up?}}
    models:
      m: {expects: any}
"""
CHOICE = """
    steps:
      given: {kind: rows, rows: [{text: one}]}
      made:
        {kind: generate, from: given, model: m, prompt: ask, parse: {choice: =classes, into: label, after: "Label:"}}
    outputs:
      out.jsonl: {from: made, format: jsonl}
"""
RUBRIC = """
    steps:
      given: {kind: rows, rows: [{text: one}]}
      made:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {rubric: =rubric, scores: scores, into: score}
    outputs:
      out.jsonl: {from: made, format: jsonl}
"""


async def ran(tmp_path: Path, steps: str, reply: str, **params: Any) -> Ran:
    return await run(tmp_path, HEAD + steps, lambda request: reply, **params)


async def test_a_parameter_gives_the_words_of_a_choice(tmp_path: Path) -> None:
    default = await ran(tmp_path, CHOICE, "Both sides.\n**Label:** Praise.")
    assert default.rows == [{"text": "one", "label": "praise"}]
    told = await ran(tmp_path, CHOICE, "Label: 水", classes=["fire", "水"])
    assert told.rows == [{"text": "one", "label": "水"}]
    other = await ran(tmp_path, CHOICE, "Label: praise", classes=["fire", "water"])
    assert other.rejected[0]["label"] == "the reply could not be read"
    assert "one of `fire`, `water`" in other.rejected[0]["attempts"][0]["reason"]


async def test_a_parameter_gives_what_is_scored(tmp_path: Path) -> None:
    default = await ran(tmp_path, RUBRIC, "Accuracy: 4/5\nInvents: no")
    assert default.rows == [{"text": "one", "scores": {"accuracy": 4, "invents": False}, "score": 0.75}]
    rubric = {"style": {"min": 0, "max": 1}, "depth": {"min": 0, "max": 10}}
    told = await ran(tmp_path, RUBRIC, "Style: 1\nDepth: 10", rubric=rubric)
    assert told.rows == [{"text": "one", "scores": {"style": 1, "depth": 10}, "score": 1.0}]


@pytest.mark.parametrize(
    ("steps", "params", "told"),
    [
        (CHOICE, {"classes": ["one"]}, "`classes`: "),
        (RUBRIC, {"rubric": {"style": {"min": 1}}}, "`rubric`: `style` needs a worst and a best"),
        (RUBRIC, {"rubric": {"bad": "fails"}}, "`rubric`: a rubric has one score at least"),
    ],
)
async def test_what_makes_no_sense_stops_before_a_model_is_asked(
    tmp_path: Path, steps: str, params: dict[str, Any], told: str
) -> None:
    with pytest.raises(CannotRun) as error:
        await ran(tmp_path, steps, "Label: praise", **params)
    assert str(error.value).startswith(told)


def test_names_that_are_wanted_in_one_field_are_no_fields_of_their_own() -> None:
    reader = build_reader({"rubric": {"style": {"min": 1, "max": 5}}, "scores": "all", "into": "style"})
    assert reader.read("Style: 5") == [{"all": {"style": 5}, "style": 1.0}]
    assert list(reader.fields) == ["all", "style"]


@pytest.mark.parametrize(
    ("parse", "told"),
    [
        ({"rubric": "=rubric", "into": "score"}, "a rubric that a parameter gives needs `scores`"),
        ({"rubric": "=rubric", "scores": "scores"}, "`rubric` does not say which field it fills"),
        ({"rubric": {"a": {"min": 1, "max": 2}}, "into": "x", "scores": "x"}, "`x` is the field for the whole"),
        ({"rubric": {"a": {"min": 1, "fails": True}}, "into": "x"}, "`a` has bounds, or `fails: true`"),
    ],
)
def test_what_does_not_go_together_is_told(parse: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionsError, match="^" + told):
        build_reader(parse)


def test_until_it_is_known_the_form_alone_is_read() -> None:
    choice = build_reader({"choice": "=classes", "into": "label", "after": "Label:"})
    assert choice.read("So. Label: **anything**") == [{"label": "**anything**"}]
    rubric = build_reader({"rubric": "=rubric", "scores": "scores", "into": "score"})
    assert rubric.read("Anything: 4") == rubric.read("<any>no</any>") == [{"scores": {}, "score": 0.0}]
    for reader, text in ((choice, "anything"), (choice, "Label:"), (rubric, "It is good.")):
        with pytest.raises(Exception, match="expected"):
            reader.read(text)


def test_lint_checks_the_formula() -> None:
    steps = """
  given: {kind: rows, rows: [{text: one}]}
  made: {kind: generate, from: given, model: m, prompt: ask, parse: {choice: =clases, into: label}}
"""
    params = "  classes: {type: list, default: [a, b]}\n"
    found = [found for found in analysed(steps, params=params, models="  m: {expects: any}\n")[1] if found.is_error]
    assert "unknown name `clases`" in [each.message for each in found]
