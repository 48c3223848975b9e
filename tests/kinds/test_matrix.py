"""The combinations of a matrix: all, side by side, and drawn in rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds.base.matrix import combinations, number_of
from atk_interp.pipeline import lint
from support.pipelines import run, said, write_project

LISTS: dict[str, list[Any]] = {"style": ["dry", "wet"], "language": ["de", "fr", "it"], "folder": ["d", "f", "i"]}


def test_all_combinations_come_the_last_list_changing_first() -> None:
    found = combinations({"a": [1, 2], "b": [3, 4]})
    assert found == [{"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4}]
    assert combinations({}) == [{}]


def test_lists_that_go_together_are_gone_through_side_by_side() -> None:
    found = combinations(LISTS, [["folder", "language"]])
    assert [tuple(each.values()) for each in found] == [
        ("dry", "de", "d"), ("dry", "fr", "f"), ("dry", "it", "i"),
        ("wet", "de", "d"), ("wet", "fr", "f"), ("wet", "it", "i"),
    ]  # fmt: skip
    assert number_of(LISTS, [["folder", "language"]]) == 6


def test_each_list_is_drawn_from_without_replacement_round_by_round() -> None:
    found = combinations(LISTS, [["language", "folder"]], draws=12, seed=3)
    for begin in range(0, 12, 3):
        assert sorted(each["language"] for each in found[begin : begin + 3]) == ["de", "fr", "it"]  # type: ignore[type-var]
    for begin in range(0, 12, 2):
        assert sorted(each["style"] for each in found[begin : begin + 2]) == ["dry", "wet"]  # type: ignore[type-var]
    assert all(each["language"][0] == each["folder"] for each in found)  # type: ignore[index]
    orders = {tuple(each["language"] for each in found[begin : begin + 3]) for begin in range(0, 12, 3)}
    assert len(orders) > 1


def test_draws_follow_from_the_seed_and_more_of_them_begin_with_the_same() -> None:
    few, many = combinations(LISTS, (), 4, 1), combinations(LISTS, (), 9, 1)
    assert many[:4] == few
    assert combinations(LISTS, (), 9, 2) != many


def test_equal_values_of_a_list_are_drawn_as_often_as_they_stand_there() -> None:
    assert sorted(each["a"] for each in combinations({"a": [1, 1, 2]}, (), 3)) == [1, 1, 2]  # type: ignore[type-var]


INNER = """
spec: atk/v1
name: inner
params: {output_dir: {type: path, optional: true}, style: {type: text}, tone: {type: text, default: calm}}
models: {m: {expects: any}}
steps:
  given: {kind: rows, rows: [{text: a}]}
  asked: {kind: generate, from: given, model: m, prompt: tell, parse: {text: reply}}
outputs: {inner.jsonl: {from: asked, format: jsonl}}
"""


def spec(matrix: str) -> str:
    return f"""
    steps:
      made: {{kind: pipeline, pipeline: inner.yaml, {matrix}}}
    outputs:
      out.jsonl: {{from: made, format: jsonl}}
    """


def project(folder: Path) -> Path:
    (folder / "inner.yaml").write_text(INNER)
    return folder


async def test_drawn_combinations_are_run_and_told_in_the_rows(tmp_path: Path) -> None:
    ran = await run(
        project(tmp_path),
        spec("matrix: {style: [dry, wet], tone: [calm, loud, odd]}, draws: 5"),
        said,
        {"tell": '- user: "{{ text }} {{ style }} {{ tone }}"'},
    )
    assert [row["reply"] for row in ran.rows] == [f"a {row['style']} {row['tone']}" for row in ran.rows]
    assert len(ran.rows) == 5
    assert sorted(row["tone"] for row in ran.rows[:3]) == ["calm", "loud", "odd"]


async def test_a_combination_that_is_drawn_again_is_asked_for_further_replies_and_each_is_paid_once(
    tmp_path: Path,
) -> None:
    written, prompts = spec("matrix: {style: [dry]}, draws: 3"), {"tell": '- user: "{{ text }} {{ style }}"'}
    ran = await run(project(tmp_path), written, lambda request: f"{said(request)} {request.sample}", prompts)
    assert len({row["reply"] for row in ran.rows}) == len(ran.rows) == 3
    again = await run(tmp_path, written, lambda request: "never", prompts)
    assert (again.requests, again.bytes()) == ([], ran.bytes())


@pytest.mark.parametrize(
    ("matrix", "told"),
    [
        ("matrix: {style: [a, b], tone: [c, d]}, together: [[style, tone]], draws: 3", None),
        ("with: {style: a}, draws: 3", "`draws` has no effect without `matrix`"),
        ("with: {style: a}, together: [[style, tone]]", "`together` has no effect without `matrix`"),
        (
            "matrix: {style: [a, b], tone: [c]}, together: [[style, tone]]",
            "lists that are gone through side by side are of one length",
        ),
        ("matrix: {style: [a, b], tone: [c, d]}, together: [[style, ton]]", "`ton` is not under `matrix`"),
        ("matrix: {style: [a, b], tone: [c, d]}, together: [[style, tone, style]]", "`style` stands here twice"),
    ],
)
def test_lint_knows_what_goes_together(tmp_path: Path, matrix: str, told: str | None) -> None:
    path = write_project(project(tmp_path), spec(matrix), {"tell": '- user: "{{ text }} {{ style }} {{ tone }}"'})
    found = [found.message for found in lint(path) if found.is_error]
    assert found == ([told] if told else [])
