"""The `join` kind: which rows find each other, what becomes of the others, and what lint knows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.lint_text import analysed, found_in
from support.one_step import applied
from support.pipelines import run

LEFT = [{"k": 1, "q": "a"}, {"k": 2, "q": "b"}, {"k": None, "q": "c"}]
RIGHT = [{"k": 2, "t": "x"}, {"k": 2.0, "t": "y"}, {"k": 3, "t": "z"}, {"k": None, "t": "n"}]


def joined(options: dict[str, Any], left: Any = LEFT, right: Any = RIGHT) -> Any:
    return applied("join", {"with": "other", "by": "k", **options}, left, others={"with": right})


def test_several_partners_make_several_rows_with_ids_of_their_own() -> None:
    found = joined({})

    assert found.fields == [{"k": 2, "q": "b", "t": "x"}, {"k": 2, "q": "b", "t": "y"}]
    assert len({row.id for row in found.rows}) == 2
    assert [row.order for row in found.rows] == [(1, 0), (1, 1)]


def test_a_key_that_is_none_equals_nothing_and_every_row_is_accounted_for() -> None:
    found = joined({})

    assert [(lost.outcome, lost.label, lost.row.fields["q"]) for lost in found.dropped] == [
        ("filtered", "no row of `other` has its key", "a"),
        ("filtered", "no row of `other` has its key", "c"),
    ]
    assert [(beside.merged, beside.unused) for beside in found.beside] == [(2, 2)]


def test_a_left_join_keeps_every_row_and_gives_all_of_them_the_same_fields() -> None:
    found = joined({"how": "left", "take": ["t"]})

    assert [list(fields.items()) for fields in found.fields] == [
        [("k", 1), ("q", "a"), ("t", None)],
        [("k", 2), ("q", "b"), ("t", "x")],
        [("k", 2), ("q", "b"), ("t", "y")],
        [("k", None), ("q", "c"), ("t", None)],
    ]
    assert found.dropped == []


def test_keys_may_be_computed_and_differ_in_how_they_are_written() -> None:
    options = {"by": ["q | upper", "k"], "with_by": ["name", "number"]}
    right = [{"name": "B", "number": 2, "t": "x"}, {"name": "B", "number": 1, "t": "y"}]

    assert joined(options, right=right).fields == [{"k": 2, "q": "b", "name": "B", "number": 2, "t": "x"}]


def test_a_clash_that_could_not_be_foreseen_rejects_the_row() -> None:
    found = joined({}, right=[{"k": 1, "q": "other"}])

    assert next((lost.outcome, lost.label) for lost in found.dropped) == (
        "rejected",
        "a row of `other` has a field `q`, too",
    )
    assert joined({"prefix": "o_"}, right=[{"k": 1, "q": "other"}]).fields == [
        {"k": 1, "q": "a", "o_k": 1, "o_q": "other"}
    ]


def test_a_row_whose_key_cannot_be_computed_is_rejected_on_either_side() -> None:
    options = {"by": "1 / k", "with_by": "1 / k", "take": ["t"]}
    found = joined(options, [{"k": 0}, {"k": 1}], [{"k": 0, "t": "x"}, {"k": 1, "t": "y"}])

    assert [(lost.outcome, lost.row.fields) for lost in found.dropped] == [
        ("rejected", {"k": 0, "t": "x"}),
        ("rejected", {"k": 0}),
    ]
    assert found.fields == [{"k": 1, "t": "y"}]


STEPS = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}, {text: b}]}
      notes: {kind: rows, rows: [{word: b, note: one}, {word: b, note: two}, {word: x, note: three}]}
      asked: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
      lower: {kind: map, from: asked, set: {word: =reply | lower}}
      joined: {kind: join, from: lower, with: notes, by: word}
      again: {kind: generate, from: joined, model: m, prompt: again, parse: {text: other}}
    outputs:
      out.jsonl: {from: again, format: jsonl}
    """
AGAIN = {"again": '- user: "{{ text }} {{ note }}"'}


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_join_in_a_run_keeps_its_books_and_its_order(tmp_path: Path, concurrency: int) -> None:
    ran = await run(
        tmp_path,
        STEPS,
        lambda request: request.messages[-1].content.upper(),
        AGAIN,
        settings={"concurrency": concurrency},
    )

    assert [row["other"] for row in ran.rows] == ["B ONE", "B TWO", "B ONE", "B TWO"]
    assert ran.count("joined") == {"rows_in": 7, "passed": 2, "filtered": 3, "merged": 2, "rows_out": 4}
    labels = next(state.labels for state in ran.result.steps if state.name == "joined")
    assert labels == {"no row of `notes` has its key": 2, "row of `notes` whose key no row of `lower` has": 1}


async def test_a_second_run_of_a_join_asks_nothing_and_writes_the_same(tmp_path: Path) -> None:
    first = await run(tmp_path, STEPS, lambda request: request.messages[-1].content.upper(), AGAIN)
    second = await run(tmp_path, STEPS, lambda request: "never", AGAIN)

    assert second.requests == []
    assert first.bytes() == second.bytes()


async def test_a_step_may_be_joined_with_what_was_made_of_it(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{text: a, n: 1}, {text: b, n: 2}, {text: a, n: 3}]}
          whole: {kind: group, from: given, by: text, collect: {ns: =n}, first: [text]}
          joined: {kind: join, from: given, with: whole, by: text, take: [ns]}
        outputs:
          out.jsonl: {from: joined, format: jsonl}
        """,
        lambda request: "",
    )
    assert [row["ns"] for row in ran.rows] == [[1, 3], [2], [1, 3]]


async def test_rows_for_which_when_is_false_are_not_joined(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{text: a}, {text: b}]}
          notes: {kind: rows, rows: [{text: b, note: x}]}
          joined: {kind: join, from: given, with: notes, by: text, when: text == "a", how: left}
        outputs:
          out.jsonl: {from: joined, format: jsonl}
        """,
        lambda request: "",
    )
    assert ran.rows == [{"text": "a", "note": None}, {"text": "b"}]


SOURCES = "  a: {kind: rows, rows: [{k: 1, q: x}]}\n  b: {kind: rows, rows: [{k: 2, t: y, q: z, s: w}]}\n"


def join(options: str) -> str:
    return SOURCES + f"  j: {{kind: join, from: a, with: b, {options}}}\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("by: k, take: [t]", {"k": "int", "q": "text", "t": "text"}),
        ("by: k, take: [t], how: left", {"k": "int", "q": "text", "t": "maybe text"}),
        (
            "by: k, prefix: b_",
            {"k": "int", "q": "text", "b_k": "int", "b_t": "text", "b_q": "text", "b_s": "text"},
        ),
        ("by: q, with_by: s, take: [t]", {"k": "int", "q": "text", "t": "text"}),
        ("by: k | string, with_by: s, take: [t]", {"k": "int", "q": "text", "t": "text"}),
    ],
)
def test_the_fields_of_joined_rows_are_known(options: str, expected: dict[str, str]) -> None:
    analysis, found = analysed(join(options))

    assert found == []
    assert {name: str(type_) for name, type_ in analysis.fields["j"].fields.items()} == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("by: k", [("ATK531", "b")]),
        ("by: k, take: [q]", [("ATK531", "b")]),
        ("by: k, with_by: t, take: [t]", [("ATK532", "t")]),
        ("by: [k, q], with_by: [k], take: [t]", [("ATK532", "[k]")]),
        ("by: s, take: [t]", [("ATK302", "s")]),
        ("by: q, with_by: q_, take: [t]", [("ATK302", "q_")]),
        ("by: k, take: [tt]", [("ATK505", "tt")]),
        ("by: k, prefix: p, take: [t]", [("ATK501", "b")]),
    ],
)
def test_a_join_that_cannot_work_is_told(options: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(join(options), params="  pt: {type: text}") == expected


def test_the_step_that_a_join_names_is_an_edge_like_any_other() -> None:
    assert found_in(SOURCES + "  j: {kind: join, from: a, with: bb, by: k}\n") == [("ATK511", "bb")]
    circle = "  j: {kind: join, from: a, with: c, by: k, take: [t]}\n  c: {kind: filter, from: j, keep: true}\n"
    assert found_in(SOURCES + circle) == [("ATK512", "c")]
