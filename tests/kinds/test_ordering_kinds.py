"""The kinds that order and divide rows: `sort`, `shuffle`, `limit` and `split`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.kinds.base import StepStopped
from support.lint_text import analysed, found_in
from support.one_step import applied
from support.pipelines import run


def values(kind: str, options: dict[str, Any], given: list[Any], **more: Any) -> list[Any]:
    return [fields["v"] for fields in applied(kind, options, [{"v": value} for value in given], **more).fields]


NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))


@given(st.lists(NUMBERS, max_size=8))
def test_numbers_are_sorted_as_numbers(numbers: list[Any]) -> None:
    assert values("sort", {"by": "v"}, numbers) == sorted(numbers)
    assert values("sort", {"by": "v", "descending": True}, numbers) == sorted(numbers, reverse=True)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=8))
def test_texts_are_sorted_letter_by_letter(texts: list[str]) -> None:
    assert values("sort", {"by": "v"}, texts) == sorted(texts)
    assert values("sort", {"by": "v", "descending": True}, texts) == sorted(texts, reverse=True)


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=8))
def test_lists_are_sorted_by_their_items(lists: list[list[int]]) -> None:
    assert values("sort", {"by": "v"}, lists) == sorted(lists)


@pytest.mark.parametrize("descending", [False, True])
def test_rows_without_a_key_stand_last_and_equal_ones_keep_their_order(descending: bool) -> None:
    rows: list[dict[str, Any]] = [{"k": None, "n": 1}, {"k": 1, "n": 2}, {"k": None, "n": 3}, {"k": 1, "n": 4}]
    found = applied("sort", {"by": "k", "descending": descending}, rows)

    assert [fields["n"] for fields in found.fields] == [2, 4, 1, 3]
    assert [row.order for row in found.rows] == [(0, 0), (0, 1), (0, 2), (0, 3)]


def test_a_row_that_has_no_place_in_the_order_is_rejected() -> None:
    found = applied("sort", {"by": "v"}, [{"v": {"a": 1}}, {"v": 1}, {"v": "x"}, {"v": True}])

    assert [fields["v"] for fields in found.fields] == [1, "x", True]
    assert [(lost.outcome, lost.label) for lost in found.dropped] == [
        ("rejected", "`by`: rows cannot be put into the order of a record")
    ]


def test_added_rows_do_not_move_the_others_in_a_shuffle() -> None:
    few = values("shuffle", {}, list(range(40)))
    many = values("shuffle", {}, list(range(60)))

    assert [value for value in many if value < 40] == few
    assert few != sorted(few)
    assert values("shuffle", {}, list(range(40)), seed=1) != few


def test_limit_takes_the_first_of_every_key() -> None:
    given = [{"k": key, "v": number} for number, key in enumerate("aabbab")]
    found = applied("limit", {"count": 2, "skip": 1, "per": "k"}, given)

    assert [fields["v"] for fields in found.fields] == [1, 3, 4, 5]
    assert values("limit", {"count": "=n"}, [1, 2], params={"n": None}, types={"n": "int"}) == [1, 2]
    assert values("limit", {"skip": 1}, [1, 2, 3]) == [2, 3]


def test_a_row_stays_in_its_part_and_the_parts_have_about_their_shares() -> None:
    shares = {"shares": {"train": 70, "test": 20, "dev": 10}}
    rows = [{"n": number} for number in range(1000)]
    parts = {fields["n"]: fields["part"] for fields in applied("split", shares, rows).fields}
    again = {fields["n"]: fields["part"] for fields in applied("split", shares, rows[500:]).fields}

    assert all(parts[number] == part for number, part in again.items())
    counts = {name: list(parts.values()).count(name) for name in ("train", "test", "dev")}
    assert counts == pytest.approx({"train": 700, "test": 200, "dev": 100}, abs=50)


def test_rows_that_are_equal_fall_into_one_part() -> None:
    given = [{"text": word, "n": number} for word in "abcdefghijkl" for number in (1, 1.0, 1, 1)]
    found = applied("split", {"shares": {"train": 0.5, "test": 0.5}}, given).fields

    assert {fields["part"] for fields in found} == {"train", "test"}
    assert all(len({fields["part"] for fields in found if fields["text"] == word}) == 1 for word in "abcdefghijkl")


def test_rows_of_one_key_fall_into_one_part() -> None:
    options = {"shares": {"a": 0.5, "b": 0.5}, "by": "k", "into": "side"}
    found = applied("split", options, [{"k": number % 5, "n": number} for number in range(50)])

    assert {(fields["k"], fields["side"]) for fields in found.fields} == {
        (key, next(fields["side"] for fields in found.fields if fields["k"] == key)) for key in range(5)
    }


def test_shares_that_do_not_add_up_stop_a_run_before_any_work() -> None:
    with pytest.raises(StepStopped, match=r"do not add up to 1 or 100: `a` 0.5, `b` 0.2"):
        applied("split", {"shares": {"a": "=x", "b": 0.2}}, [{}], params={"x": 0.5}, types={"x": "float"})


ROWS = "  a: {kind: rows, rows: [{n: 1, r: {x: 1}}]}\n"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: sort, from: a, by: m}", [("ATK302", "m")]),
        ("{kind: sort, from: a, by: r}", [("ATK504", "r")]),
        ("{kind: sort, from: a, by: n, descending: =n}", [("ATK302", "n")]),
        ("{kind: limit, from: a, count: =size}", [("ATK504", "=size")]),
        ("{kind: limit, from: a, count: 1, per: m}", [("ATK302", "m")]),
        ("{kind: split, from: a, shares: {x: 0.5, y: 0.4}}", [("ATK208", "{x: 0.5, y: 0.4}")]),
        ("{kind: split, from: a, shares: {x: =size, y: 0.4}}", [("ATK504", "=size")]),
        ("{kind: split, from: a, shares: {x: 1}, into: size}", [("ATK501", "size")]),
        ("{kind: shuffle, from: a, by: n}", [("ATK201", "by")]),
    ],
)
def test_a_mistake_in_them_is_told(step: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(ROWS + f"  b: {step}\n", params="  size: {type: text}") == expected


def test_the_parts_of_a_split_are_known_to_what_follows() -> None:
    steps = ROWS + "  b: {kind: split, from: a, shares: {train: 0.9, test: 0.1}}\n"
    analysis, _ = analysed(steps)

    assert str(analysis.fields["b"].fields["part"]) == 'text ("train" | "test")'
    assert found_in(steps + '  c: {kind: filter, from: b, keep: part == "tset"}\n') == [("ATK307", '"tset"')]


SPEC = """
    steps:
      given: {kind: rows, rows: [ROWS]}
      asked: {kind: generate, from: given, model: m, prompt: ask, parse: {number: score}}
      best: {kind: sort, from: asked, by: score, descending: true, when: text != "t0"}
      mixed: {kind: shuffle, from: best}
      first: {kind: limit, from: best, count: 9}
      parts: {kind: split, from: first, shares: {a: 0.5, b: 0.5}}
    outputs:
      out.jsonl: {from: parts, format: jsonl}
      mixed.jsonl: {from: mixed, format: jsonl}
    """.replace("ROWS", ", ".join(f"{{text: t{number}}}" for number in range(12)))


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_order_and_books_hold_in_a_run(tmp_path: Path, concurrency: int) -> None:
    ran = await run(
        tmp_path,
        SPEC,
        lambda request: str(int(request.messages[-1].content[1:]) % 5),
        settings={"concurrency": concurrency},
    )

    assert [row["score"] for row in ran.rows] == [4, 4, 3, 3, 2, 2, 1, 1, 1]
    assert [row["text"] for row in ran.rows][:4] == ["t4", "t9", "t3", "t8"]
    assert ran.count("first") == {"rows_in": 12, "passed": 9, "filtered": 3, "rows_out": 9}
    assert ran.count("best") == {"rows_in": 12, "passed": 12, "rows_out": 12}
    again = await run(tmp_path, SPEC, lambda request: "never")
    assert again.requests == []
    assert again.bytes() == ran.bytes()
