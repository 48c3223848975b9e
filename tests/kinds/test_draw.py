"""The `draw` kind: the same chance every time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds.base import StepStopped
from support.lint_text import analysed, found_in
from support.one_step import applied
from support.pipelines import run

FIELDS = {
    "level": {"choice": ["easy", "hard"]},
    "topic": {"weighted": {"tides": 3, "salt": 1, "never": 0}},
    "age": {"int": [1, 3]},
    "share": {"float": [0.5, 1]},
    "day": {"date": ["2024-02-27", "2024-03-01"]},
}


def drawn(options: dict[str, Any], count: int = 400, **more: Any) -> list[dict[str, Any]]:
    return applied("draw", options, [{"n": number} for number in range(count)], **more).fields


def test_every_value_comes_about_as_often_as_it_should() -> None:
    rows = drawn({"fields": FIELDS})

    assert Counter(row["level"] for row in rows) == pytest.approx({"easy": 200, "hard": 200}, abs=40)
    assert Counter(row["topic"] for row in rows) == pytest.approx({"tides": 300, "salt": 100}, abs=40)
    assert Counter(row["age"] for row in rows) == pytest.approx({1: 133, 2: 133, 3: 133}, abs=40)
    assert set(Counter(row["day"] for row in rows)) == {"2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"}
    assert all(0.5 <= row["share"] <= 1 for row in rows)


def test_what_is_drawn_follows_from_the_row_and_the_seed_alone() -> None:
    whole, part = drawn({"fields": FIELDS}), drawn({"fields": FIELDS}, 30)

    assert whole[:30] == part
    assert drawn({"fields": FIELDS}, 30, seed=1) != part
    assert [row["age"] for row in drawn({"fields": {"age": {"int": [1, 3]}}}, 30)] == [row["age"] for row in part]


def test_a_combination_is_drawn_anew_until_it_is_allowed() -> None:
    rows = drawn({"fields": FIELDS, "where": 'not (level == "hard" and age < n % 4)'})

    assert all(row["level"] == "easy" or row["age"] >= row["n"] % 4 for row in rows)
    assert len(rows) == 400
    lost = applied("draw", {"fields": FIELDS, "where": "age > n"}, [{"n": 9}]).dropped
    assert [(drop.outcome, drop.label) for drop in lost] == [("rejected", "none of 1000 combinations fulfils `where`")]


SOURCE = """
    steps:
      people:
        kind: draw
        count: COUNT
        fields: {level: {choice: [a, b]}, age: {int: [1, 3]}}
        where: not (level == "a" and age == 1)
        distinct: true
      asked: {kind: generate, from: people, model: m, prompt: who, parse: {text: reply}}
    outputs:
      out.jsonl: {from: asked, format: jsonl}
    """
WHO = {"who": '- user: "{{ level }} {{ age }}"'}


async def test_as_a_source_it_makes_so_many_rows_none_of_them_twice(tmp_path: Path) -> None:
    ran = await run(tmp_path, SOURCE.replace("COUNT", "5"), lambda request: request.messages[-1].content, WHO)
    again = await run(tmp_path, SOURCE.replace("COUNT", "5"), lambda request: "never", WHO)

    assert sorted(row["reply"] for row in ran.rows) == ["a 2", "a 3", "b 1", "b 2", "b 3"]
    assert again.requests == []
    assert again.bytes() == ran.bytes()


async def test_more_rows_than_there_are_combinations_stop_the_run(tmp_path: Path) -> None:
    ran = await run(tmp_path, SOURCE.replace("COUNT", "6"), lambda request: "x", WHO)

    assert ran.result.status == "stopped"
    assert ran.result.message == "step `people` has found 5 different combinations for which `where` holds, not 6"


@pytest.mark.parametrize(
    ("conditions", "told", "help"),
    [
        ("distinct: true", "6 different combinations, not 9", "let `fields` have more values, or leave `distinct` out"),
        ("where: age > 3", "0 combinations for which `where` holds, not 9", "ask for fewer rows, let `where` hold for"),
    ],
)
async def test_what_too_few_combinations_fulfil_is_told_as_what_it_is(
    conditions: str, told: str, help: str, tmp_path: Path
) -> None:
    source = SOURCE.replace("COUNT", "=3 * 3").replace("distinct: true", conditions)
    source = source.replace('where: not (level == "a" and age == 1)', "")
    ran = await run(tmp_path, source, lambda request: "x", WHO)

    assert ran.result.message == f"step `people` has found {told}"
    assert help in ran.result.help


@pytest.mark.parametrize(
    ("field", "params", "types", "told"),
    [
        ({"choice": "=topics"}, {"topics": []}, {"topics": "list"}, "`fields.x.choice` of step `step` is no list"),
        ({"int": ["=low", 3]}, {"low": 4}, {"low": "int"}, "`fields.x.int` of step `step` goes from `4` to `3`"),
    ],
)
def test_a_parameter_that_leaves_nothing_to_draw_stops_the_run(field: Any, params: Any, types: Any, told: str) -> None:
    with pytest.raises(StepStopped, match=told):
        drawn({"fields": {"x": field}}, params=params, types=types)


A = "  a: {kind: rows, rows: [{n: 1}]}\n"


def test_the_types_of_what_is_drawn_are_known() -> None:
    fields = (
        "level: {choice: [x, y]}, t: {weighted: {p: 1}}, i: {int: [1, 2]}, f: {float: [0, 1]}, p: {choice: =topics}"
    )
    step = f"{A}  b: {{kind: draw, from: a, fields: {{{fields}, d: {{date: [2024-01-01, 2024-02-01]}}}}}}\n"
    analysis, found = analysed(step, params="  topics: {type: list}")

    assert found == []
    assert {name: str(type_) for name, type_ in analysis.fields["b"].fields.items()} == {
        "n": "int", "level": 'text ("x" | "y")', "t": 'text ("p")', "i": "int", "f": "float", "p": "any", "d": "text",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: draw, fields: {x: {int: [1, 2]}}}", [("ATK202", "b")]),
        ("{kind: draw, from: a, count: 3, fields: {x: {int: [1, 2]}}}", [("ATK208", "count")]),
        ("{kind: draw, count: 3, fields: {x: {int: [3, 2]}}}", [("ATK208", "[3, 2]")]),
        ("{kind: draw, count: 3, fields: {x: {date: [a, 2024-13-01]}}}", [("ATK208", "[a, 2024-13-01]")]),
        ("{kind: draw, count: 3, fields: {x: {weighted: {a: 0}}}}", [("ATK208", "{a: 0}")]),
        ("{kind: draw, count: 3, fields: {x: {ints: [3, 2]}}}", [("ATK201", "ints")]),
        ("{kind: draw, count: 3, fields: {x: {int: [=name, 2]}}}", [("ATK504", "=name")]),
        ("{kind: draw, count: 3, distinct: true, fields: {x: {int: [1, 2]}}}", [("ATK208", "3")]),
        ("{kind: draw, count: 3, distinct: true, fields: {x: {choice: [1, 2, 1]}}}", [("ATK208", "3")]),
        ("{kind: draw, count: 3, distinct: true, fields: {x: {date: [2024-02-28, 2024-02-29]}}}", [("ATK208", "3")]),
        ("{kind: draw, count: 3, distinct: true, fields: {x: {int: [1, 2]}, y: {float: [0, 1]}}}", []),
        ("{kind: draw, count: 2, distinct: true, fields: {x: {int: [1, 2]}}}", []),
        ("{kind: draw, count: 3, distinct: true, fields: {x: {int: [3, 2]}}}", [("ATK208", "[3, 2]")]),
        ("{kind: draw, count: 3, fields: {name: {int: [1, 2]}}}", [("ATK501", "name")]),
        ("{kind: draw, count: 3, fields: {x: {choice: [p, q]}}, where: x == 'r'}", [("ATK307", "'r'")]),
    ],
)  # fmt: skip
def test_a_mistake_in_what_is_to_be_drawn_is_told(step: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(A + f"  b: {step}\n", params="  name: {type: text}") == expected
