"""The `retrieve` kind: what is near, whose own it is, and who is misled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds.base import StepStopped
from atk_interp.llm.scripted import ScriptedClient
from support.lint_text import analysed
from support.one_step import Applied, applied
from support.pipelines import run

NOTES = [
    {"note": "the old mill by the river", "n": 0},
    {"note": "a bridge over the river Elbe", "n": 1},
    {"note": "stars above the mill", "n": 2},
    {"note": "", "n": 3},
]


def retrieved(options: dict[str, Any], rows: list[dict[str, Any]], notes: list[dict[str, Any]] = NOTES) -> Applied:
    given = {"with": "notes", "into": "found", "take": ["n"], **options}
    if given.get("how") != "random":
        given = {"query": "q", "text": "note", **given}
    return applied("retrieve", given, rows, others={"with": notes})


def numbers(made: Applied) -> list[list[int]]:
    return [[found["n"] for found in row["found"]] for row in made.fields]


def test_the_nearest_come_first_and_every_row_comes_out() -> None:
    made = retrieved({"k": 2}, [{"q": "the river Elbe"}, {"q": "zebra"}, {"q": ""}])
    assert numbers(made) == [[1, 0], [], []]
    assert [(each.merged, each.unused) for each in made.beside] == [(2, 2)]


def test_nothing_is_near_in_texts_without_words() -> None:
    assert numbers(retrieved({}, [{"q": "mill"}], [{"note": "…", "n": 0}, {"note": "--", "n": 1}])) == [[]]


def test_by_meaning_the_vectors_decide() -> None:
    made = retrieved(
        {"how": "embeddings", "model": "m", "k": 1}, [{"q": "stars above"}, {"q": ""}, {"q": "Elbe bridge"}]
    )
    assert sorted(numbers(made)) == [[], [1], [2]]


def test_what_is_too_far_or_excluded_does_not_come() -> None:
    all_ = retrieved({}, [{"q": "mill river"}])
    least = all_.fields[0]["found"][1]["score"]
    assert numbers(retrieved({"min_score": least}, [{"q": "mill river"}])) == [numbers(all_)[0][:2]]
    assert numbers(retrieved({"exclude": "other.n == 0 or other.note == q"}, [{"q": "mill river"}])) == [[2, 1]]


OWN = {"k": 2, "own_by": "n"}
ROWS = [{"q": "old mill river", "n": 0}, {"q": "old mill river", "n": 2}]


def test_its_own_is_left_out_or_made_sure_of() -> None:
    assert numbers(retrieved(OWN, ROWS)) == [[0, 2], [0, 2]]
    assert 0 not in numbers(retrieved({**OWN, "exclude_self": True}, ROWS))[0]
    made = retrieved({**OWN, "include_self": True}, [*ROWS, {"q": "zebra", "n": 1}, {"q": "mill", "n": 9}])
    assert [2 in each for each in numbers(made)][1]
    assert numbers(made)[2] == [1]
    assert [lost.label for lost in made.dropped] == ["none of the rows that are looked through is its own"]


def test_without_own_by_a_row_is_its_own() -> None:
    rows = [{"note": note["note"], "n": note["n"], "q": note["note"]} for note in NOTES[:3]]
    made = retrieved({"exclude_self": True, "k": 3}, rows, rows)
    assert all(row["n"] not in [found["n"] for found in row["found"]] for row in made.fields)


def test_a_share_of_the_rows_is_misled_and_told_of() -> None:
    notes = [{"note": f"note {n}", "n": n} for n in range(20)]
    rows = [{"n": n % 20, "i": n} for n in range(300)]
    options = {"how": "random", "k": 3, "k_min": 1, "include_self": True, "own_by": "n", "wrong": 0.4, "tell": "misled"}
    made = retrieved({**options, "shuffle": True}, rows, notes)

    assert 90 < sum(row["misled"] for row in made.fields) < 150
    for row, found in zip(made.fields, numbers(made), strict=True):
        assert (row["n"] in found) is not row["misled"]
        assert len(set(found)) == len(found)
    lengths = [len(found) for found in numbers(made)]
    assert all(lengths.count(length) > 70 for length in (1, 2, 3))
    firsts = [found[0] == row["n"] for row, found in zip(made.fields, numbers(made), strict=True) if len(found) == 3]
    assert 0.1 < sum(firsts) / len(firsts) < 0.4


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"wrong": "=1 + 0.5"}, "`wrong` of step `step` must be at most 1, not 1.5"),
        ({"k": "=1 - 1"}, "`k` of step `step` must be at least 1, not 0"),
        ({"k": 2, "k_min": "=1 + 2"}, "`k_min` of step `step` is 3, more than `k`, which is 2"),
    ],
)
def test_a_formula_keeps_to_the_bounds_of_its_option(options: dict[str, Any], told: str) -> None:
    with pytest.raises(StepStopped) as stopped:
        retrieved({"how": "random", **options}, ROWS)
    assert str(stopped.value) == told


def test_where_nearly_all_rows_are_its_own_the_few_others_are_found() -> None:
    """As many as there are here also keep this quick only if its own are not drawn one after the other."""
    notes = [{"note": f"note {n}", "n": n, "of": "few" if n % 500 == 0 else "most"} for n in range(2000)]
    options = {"how": "random", "k": 3, "own_by": "of", "exclude_self": True}
    rows = [{"i": i, "of": "most"} for i in range(150)]

    found = numbers(retrieved(options, rows, notes))
    assert all(len(set(each)) == 3 for each in found)
    assert {n for each in found for n in each} == {0, 500, 1000, 1500}

    alone = [note for note in notes if note["of"] == "most"]
    assert numbers(retrieved(options, rows, alone)) == [[]] * 150


def test_another_row_to_draw_from_changes_few_draws() -> None:
    notes = [{"note": f"note {n}", "n": n} for n in range(100)]
    rows = [{"i": n} for n in range(200)]
    before = numbers(retrieved({"how": "random", "k": 2}, rows, notes))
    after = numbers(retrieved({"how": "random", "k": 2}, rows, [{"note": "new", "n": 100}, *notes]))
    assert sum(one != other for one, other in zip(before, after, strict=True)) < 20


def test_without_enough_to_draw_from_all_is_given() -> None:
    assert sorted(numbers(retrieved({"how": "random", "k": 9}, [{"q": 1}]))[0]) == [0, 1, 2, 3]


def test_a_row_without_a_text_to_look_for_is_rejected() -> None:
    made = retrieved({}, [{"q": "mill"}, {"q": 3}])
    assert [(lost.outcome, lost.label) for lost in made.dropped] == [("rejected", "`query`: a text is needed")]


def found_in(step: str) -> list[str]:
    steps = f"""
  rows: {{kind: rows, rows: [{{q: a, n: 1}}]}}
  notes: {{kind: rows, rows: [{{note: a, score: 1}}]}}
  made: {{kind: retrieve, from: rows, with: notes, into: found, {step}}}
"""
    models = "  e: {expects: embedding}\n  m: {expects: instruct}\n"
    return [found.message for found in analysed(steps, models=models)[1] if found.is_error]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("query: q, text: note, take: [note]", None),
        ("query: q, text: note, take: [note], how: embeddings, model: e", None),
        ("how: random", None),
        ("query: q, take: [note]", "`how: bm25` needs `text`"),
        ("query: n, text: note, take: [note]", "`query` takes text, and this is a whole number"),
        ("query: q, text: note, take: [note], how: embeddings", "`how: embeddings` needs `model`"),
        ("query: q, text: note, take: [note], model: e", "`model` has no effect with `how: bm25`"),
        ("how: random, min_score: 1", "`min_score` has no effect with `how: random`"),
        ("how: random, tell: misled", "`tell` has nothing to tell without `wrong`"),
        ("how: random, exclude_self: true, include_self: true", "`include_self` and `exclude_self` do not go together"),
        ("query: q, text: note, take: [title]", "there is no field `title` here"),
        (
            "query: q, text: note",
            "a row found has its score under `score`, and rows of `with` have a field of this name",
        ),
        (
            "query: q, text: note, take: [note], how: embeddings, model: m",
            "step `made` needs vectors, and slot `m` expects `instruct`",
        ),
    ],
)
def test_lint_knows_what_goes_together(step: str, told: str | None) -> None:
    assert found_in(step) == ([told] if told else [])


async def test_a_step_may_look_through_its_own_rows(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          notes: {kind: rows, rows: [{text: old mill, n: 1}, {text: new mill, n: 2}, {text: stars, n: 3}]}
          near: {kind: retrieve, from: notes, with: notes, query: text, text: text, take: [n], k: 1,
                 exclude_self: true, into: near}
        outputs:
          out.jsonl: {from: near, format: jsonl}
        """,
    )
    assert [[found["n"] for found in row["near"]] for row in ran.rows] == [[2], [1], []]


async def test_no_text_is_embedded_when_all_rows_pass_by(tmp_path: Path) -> None:
    finder = ScriptedClient([])
    ran = await run(
        tmp_path,
        """
        spec: atk/v1
        name: case
        params: {output_dir: {type: path}, wanted: {type: bool, default: false}}
        models: {m: {expects: embedding}}
        steps:
          notes: {kind: rows, rows: [{text: old mill, n: 1}, {text: stars, n: 2}]}
          near: {kind: retrieve, from: notes, with: notes, when: wanted, query: text, text: text, take: [n], k: 1,
                 how: embeddings, model: m, into: near}
        outputs:
          out.jsonl: {from: near, format: jsonl}
        """,
        finder,
    )
    assert [row["n"] for row in ran.rows] == [1, 2]
    assert finder.calls == 0
