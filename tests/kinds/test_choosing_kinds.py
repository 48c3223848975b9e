"""The kinds that choose and put together: `sample`, `mix`, `pack`, `dedupe`, and groups that are not whole."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.kinds.base import StepStopped
from atk_interp.kinds.base.proportions import Part, Unmixable, amounts
from atk_interp.runtime.events import Noted
from atk_interp.tokens import count_tokens
from support.lint_text import found_in
from support.one_step import applied
from support.pipelines import run


def rows_of(*keys: str) -> list[dict[str, Any]]:
    return [{"k": key, "n": number} for number, key in enumerate(keys)]


def numbers(kind: str, options: dict[str, Any], given: list[dict[str, Any]], **more: Any) -> list[int]:
    return [fields["n"] for fields in applied(kind, options, given, **more).fields]


# -- sample -----------------------------------------------------------------------------------------------------------


def test_a_share_and_a_count_per_key_hold_for_each_key() -> None:
    given = rows_of(*"aaaaaabbbbccd")
    share = applied("sample", {"share": 0.5, "per": "k"}, given).fields
    count = applied("sample", {"count": 2, "per": "k"}, given).fields

    assert Counter(fields["k"] for fields in share) == {"a": 3, "b": 2, "c": 1}
    assert Counter(fields["k"] for fields in count) == {"a": 2, "b": 2, "c": 2, "d": 1}
    assert [fields["n"] for fields in share] == sorted(fields["n"] for fields in share)


def test_tokens_are_a_budget_that_is_never_exceeded() -> None:
    given = [{"text": "word " * (1 + number % 7), "n": number} for number in range(40)]
    taken = applied("sample", {"tokens": 60}, given).fields
    used = sum(count_tokens(fields["text"]) for fields in taken)

    assert 50 < used <= 60
    assert numbers("sample", {"tokens": 10**6}, given) == list(range(40))
    assert numbers("sample", {"tokens": 0}, given) == []


@given(st.sets(st.integers(0, 60), min_size=1), st.sets(st.integers(61, 90)))
def test_added_rows_take_the_places_of_none_but_the_last(before: set[int], added: set[int]) -> None:
    """Of the rows that are still taken none is new: added rows only push others out."""
    few = [{"n": number} for number in sorted(before)]
    many = [{"n": number} for number in sorted(before | added)]
    kept = {*numbers("sample", {"count": 5}, many)} & before

    assert kept <= {*numbers("sample", {"count": 5}, few)}


# -- mix --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "total", "found"),
    [
        ({"a": Part(), "b": Part()}, None, {"a": 100, "b": 40}),
        ({"a": Part(share=0.5), "b": Part(share=0.5)}, None, {"a": 40, "b": 40}),
        ({"a": Part(share=0.5), "b": Part(share=0.5, repeat=True)}, None, {"a": 100, "b": 100}),
        ({"a": Part(share=0.5), "b": Part(share=0.5)}, 20, {"a": 10, "b": 10}),
        ({"a": Part(), "b": Part(share=0.2)}, None, {"a": 100, "b": 25}),
        ({"a": Part(), "b": Part(share=0.2, least=30)}, None, {"a": 100, "b": 30}),
        ({"a": Part(), "b": Part(share=0.2, most=10)}, None, {"a": 100, "b": 10}),
        ({"a": Part(), "b": Part(ratio=0.3, of="a")}, None, {"a": 100, "b": 30}),
        ({"a": Part(), "b": Part(ratio=2, of="a", repeat=True)}, None, {"a": 100, "b": 200}),
        ({"a": Part(share=0.5), "b": Part(ratio=0.1, of="a")}, 50, {"a": 25, "b": 2.5}),
        ({"a": Part(amount=7), "b": Part(amount=70)}, None, {"a": 7, "b": 40}),
    ],
)
def test_how_much_of_each_part_goes_in(parts: dict[str, Part], total: float | None, found: dict[str, float]) -> None:
    assert amounts(parts, {"a": 100, "b": 40}, total) == pytest.approx(found)


def test_parts_that_cannot_be_brought_together_are_told() -> None:
    with pytest.raises(Unmixable, match="`a` and `b` follow from one another"):
        amounts({"a": Part(ratio=1, of="b"), "b": Part(ratio=1, of="a")}, {"a": 1, "b": 1}, None)
    with pytest.raises(Unmixable, match=r"add up to 1\.2"):
        amounts({"a": Part(share=0.6), "b": Part(share=0.6)}, {"a": 1, "b": 1}, None)


_MIX = """
steps:
  domain: {kind: rows, rows: [DOMAIN]}
  general: {kind: rows, rows: [GENERAL]}
  mixed:
    kind: mix
    from: [domain, general]
    parts: PARTS
    OPTIONS
outputs:
  mixed.jsonl: {from: mixed, format: jsonl}
"""


async def mixed(folder: Path, parts: str, domain: int, general: int, options: str = "order: shuffled") -> Any:
    written = (
        _MIX.replace("DOMAIN", ", ".join(f"{{d: {number}}}" for number in range(domain)))
        .replace("GENERAL", ", ".join(f"{{g: {number}}}" for number in range(general)))
        .replace("PARTS", parts)
        .replace("OPTIONS", options)
    )
    return await run(folder, written)


async def test_a_mixture_has_its_proportions_and_its_books_balance(tmp_path: Path) -> None:
    ran = await mixed(tmp_path, "{domain: {}, general: {ratio: 0.5, of: domain}}", 40, 100)
    rows = list(ran.result.rows())
    state = next(state for state in ran.result.steps if state.name == "mixed")

    assert ran.result.status == "done", ran.result.message
    assert Counter("d" if "d" in row else "g" for row in rows) == {"d": 40, "g": 20}
    assert (state.rows_in, state.passed, state.filtered) == (140, 60, 80)
    assert "mixed `domain` 40 of 40 rows (66.7%); `general` 20 of 100 rows (33.3%)" in [
        event.message for event in ran.events if isinstance(event, Noted)
    ]
    first = ["d" in row for row in rows[:20]]
    assert any(first)
    assert not all(first)


async def test_more_rows_of_one_part_do_not_change_what_is_taken_of_the_other(tmp_path: Path) -> None:
    parts = "{domain: {amount: 10}, general: {amount: 10}}"
    few = list((await mixed(tmp_path / "few", parts, 20, 20)).result.rows())
    many = list((await mixed(tmp_path / "many", parts, 20, 60)).result.rows())

    assert [row for row in few if "d" in row] == [row for row in many if "d" in row]


async def test_a_short_part_is_repeated_when_that_is_asked_for(tmp_path: Path) -> None:
    parts = "{domain: {share: 0.5}, general: {share: 0.5, repeat: true}}"
    rows = list((await mixed(tmp_path, parts, 10, 4, "order: parts")).result.rows())

    assert [row["g"] for row in rows[10:14]] == [0, 1, 2, 3]
    assert sorted(Counter(row["g"] for row in rows[10:]).values()) == [2, 2, 3, 3]


_DATASETS = [
    *({"set": {"name": "talks", "share": 0.5}, "n": number} for number in range(30)),
    *({"set": {"name": "code", "share": 0.1}, "n": number} for number in range(30)),
    *({"set": {"name": "few", "share": 0.4}, "n": number} for number in range(2)),
]


async def test_a_part_that_is_divided_by_its_rows_asks_for_each_division_by_itself(tmp_path: Path) -> None:
    written = _MIX.replace("[DOMAIN]", str([{"n": number} for number in range(20)])).replace("OPTIONS", "order: parts")
    written = written.replace("[GENERAL]", json.dumps(_DATASETS))
    parts = "{domain: {}, general: {by: set.name, ratio: =set.share, of: domain, min: =set.share * 40}}"
    ran = await run(tmp_path, written.replace("PARTS", parts))
    assert ran.result.status == "done", ran.result.message
    assert Counter(row["set"]["name"] if row.get("set") else "" for row in ran.rows) == {
        "": 20,
        "talks": 20,
        "code": 4,
        "few": 2,
    }
    assert [row["n"] for row in ran.rows if row.get("set") and row["set"]["name"] == "few"] == [0, 1]
    ran = await run(tmp_path, written.replace("PARTS", parts.replace("set.share * 40", "n")), output="differs")
    assert "the numbers of part `general` differ between rows" in ran.result.message


@pytest.mark.parametrize(
    ("parts", "options", "told"),
    [
        ("{domain: {share: 0.5}, general: {share: 0.5}}", "total: 10", "`domain` has 1 of the 5 that are asked for"),
        ("{domain: {amount: 2}, general: {}}", "order: parts", "`domain` has 1 of the 2 that are asked for"),
        ("{general: {}, domain: {ratio: 1, of: general}}", "order: parts", "`domain` has 1 of the 3 that are asked"),
        ("{domain: {share: 0.5}, general: {share: 0.5}}", "order: parts", ""),
        ("{domain: {share: 0.5, repeat: true}, general: {share: 0.5, max: 3}}", "total: 6", ""),
    ],
)
async def test_a_mixture_that_lacks_rows_is_a_serious_warning(
    tmp_path: Path, parts: str, options: str, told: str
) -> None:
    ran = await mixed(tmp_path, parts, 1, 3, options)
    [note] = [event for event in ran.events if isinstance(event, Noted) and event.message.startswith("mixed ")]

    assert note.serious is bool(told)
    assert note.help.startswith(told)
    causes = json.loads((ran.folder / "run.json").read_text())["causes"]
    assert any(cause["serious"] for cause in causes) is bool(told)


async def test_a_mixture_above_its_total_is_told(tmp_path: Path) -> None:
    ran = await mixed(tmp_path, "{domain: {}, general: {share: 0.5}}", 40, 100, "total: 20")

    [told] = [event for event in ran.events if isinstance(event, Noted) and event.message.startswith("mixed ")]
    assert (told.serious, told.help) == (True, "together they are more than `total`, which is 20")


async def test_a_mixture_of_nothing_points_at_the_step_for_no_row_was_rejected(tmp_path: Path) -> None:
    ran = await mixed(tmp_path, "{domain: {share: 0.5}, general: {share: 0.5}}", 4, 4, "total: 0")

    assert ran.result.message == "no rows are left after step `mixed`: of 8, 8 filtered, 0 rejected"
    assert ran.result.help == "look at what step `mixed` is asked to let through"


# -- pack -------------------------------------------------------------------------------------------------------------


def test_the_lengths_of_runs_are_drawn_between_their_bounds() -> None:
    given = [{"n": number} for number in range(200)]
    found = applied("pack", {"count": 2, "up_to": 5, "collect": {"ns": "=n"}}, given).fields
    lengths = Counter(fields["count"] for fields in found[:-1])

    assert set(lengths) == {2, 3, 4, 5}
    assert [number for fields in found for number in fields["ns"]] == list(range(200))


def test_a_run_has_rows_of_one_key_and_stands_where_its_first_row_does() -> None:
    found = applied("pack", {"count": 2, "by": "k", "collect": {"ns": "=n"}, "first": ["k"]}, rows_of(*"abab"))

    assert found.fields == [{"ns": [0, 2], "k": "a", "count": 2}, {"ns": [1, 3], "k": "b", "count": 2}]


def test_what_is_left_over_is_kept_or_filtered() -> None:
    options = {"count": 2, "collect": {"ns": "=n"}}
    kept = applied("pack", options, rows_of(*"aaa"))
    dropped = applied("pack", {**options, "rest": "drop"}, rows_of(*"aaa"))

    assert [fields["ns"] for fields in kept.fields] == [[0, 1], [2]]
    assert [fields["ns"] for fields in dropped.fields] == [[0, 1]]
    assert [(lost.outcome, lost.label, lost.row.fields["n"]) for lost in dropped.dropped] == [
        ("filtered", "too few rows are left for a run", 2)
    ]


def test_a_row_that_is_larger_than_a_run_is_rejected() -> None:
    found = applied("pack", {"size": "n", "most": 3, "collect": {"ns": "=n"}}, rows_of(*"aaaaaa"))

    assert [fields["ns"] for fields in found.fields] == [[0, 1, 2], [3]]
    assert [(lost.label, lost.row.fields["n"]) for lost in found.dropped] == [
        ("`size`: larger than `most`", 4),
        ("`size`: larger than `most`", 5),
    ]


async def test_the_books_of_a_pack_balance(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
steps:
  rows: {kind: rows, rows: [{n: 1}, {n: 2}, {n: 3}, {n: x}, {n: 5}]}
  packed: {kind: pack, from: rows, size: n, most: 3, rest: drop, collect: {ns: =n}}
outputs:
  packed.jsonl: {from: packed, format: jsonl}
""",
    )
    state = next(state for state in ran.result.steps if state.name == "packed")

    assert ran.result.status == "done", ran.result.message
    assert (state.rows_in, state.passed, state.filtered, state.rejected, state.merged) == (5, 1, 1, 2, 1)


# -- dedupe -----------------------------------------------------------------------------------------------------------


def test_of_equal_rows_the_first_stays_and_the_others_say_which_it_is() -> None:
    found = applied("dedupe", {"by": "k"}, rows_of(*"abacb"))

    assert [fields["n"] for fields in found.fields] == [0, 1, 3]
    assert [(lost.outcome, lost.row.fields["n"]) for lost in found.dropped] == [("filtered", 2), ("filtered", 4)]
    assert found.dropped[0].row.fields["duplicate_of"] == found.rows[0].id


def test_the_best_of_equal_rows_stays_in_its_place() -> None:
    assert numbers("dedupe", {"by": "k", "best": "n"}, rows_of(*"abab")) == [2, 3]
    assert numbers("dedupe", {"by": "k", "best": "0 - n"}, rows_of(*"abab")) == [0, 1]


def test_numbers_and_texts_are_not_equal() -> None:
    assert numbers("dedupe", {"by": "k"}, [{"k": 1, "n": 0}, {"k": "1", "n": 1}, {"k": 1.0, "n": 2}]) in (
        [0, 1],
        [0, 1, 2],
    )


_TEXT = "the river rises in the hills and runs for ninety miles past two towns before it meets the sea at Harrow"
WORDS = _TEXT.split()


def test_near_means_what_the_threshold_says() -> None:
    """One word of twenty changed: 19 runs of 2 words, of which 17 are shared by both texts of 19."""
    changed = [*WORDS[:10], "mile", *WORDS[11:]]
    rows = [{"k": " ".join(WORDS), "n": 0}, {"k": " ".join(changed), "n": 1}]
    runs = len(WORDS) - 1
    jaccard = (runs - 2) / (runs + 2)

    assert numbers("dedupe", {"by": "k", "how": "near", "shingle": 2, "threshold": jaccard - 0.01}, rows) == [0]
    assert numbers("dedupe", {"by": "k", "how": "near", "shingle": 2, "threshold": jaccard + 0.01}, rows) == [0, 1]


def test_near_compares_with_those_that_stay() -> None:
    """A chain in which each is like the one before: the last is not like the first, and stays."""
    chain = [" ".join([*WORDS[at : at + 15]]) for at in range(0, 6, 2)]
    found = applied(
        "dedupe", {"by": "k", "how": "near", "shingle": 1, "threshold": 0.7}, [{"k": text} for text in chain]
    )

    assert [chain.index(fields["k"]) for fields in found.fields] == [0, 2]
    assert found.dropped[0].row.fields["duplicate_of"] == found.rows[0].id


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), max_size=8))
def test_no_two_texts_that_stay_are_alike(texts: list[str]) -> None:
    kept = [
        fields["k"]
        for fields in applied("dedupe", {"by": "k", "how": "near", "shingle": 1}, [{"k": t} for t in texts]).fields
    ]
    sets = [frozenset(text.casefold().split()) for text in kept]
    for at, one in enumerate(sets):
        for other in sets[at + 1 :]:
            assert len(one & other) < 0.8 * len(one | other) or not one | other


# -- group ------------------------------------------------------------------------------------------------------------


def test_a_group_that_is_not_whole_is_filtered_or_rejected_with_its_rows() -> None:
    given = [{"c": 1, "turns": 2, "t": "a"}, {"c": 2, "turns": 2, "t": "b"}, {"c": 1, "turns": 2, "t": "c"}]
    options = {"by": "c", "collect": {"ts": "=t"}, "first": ["turns"], "whole": "count == turns"}
    found = applied("group", options, given)
    rejected = applied("group", {**options, "incomplete": "reject"}, given)

    assert found.fields == [{"ts": ["a", "c"], "turns": 2, "count": 2}]
    assert [(lost.outcome, lost.label, dict(lost.row.fields)) for lost in found.dropped] == [
        ("filtered", "the group is not whole", given[1])
    ]
    assert [lost.outcome for lost in rejected.dropped] == ["rejected"]


# -- mistakes ---------------------------------------------------------------------------------------------------------

ROWS = "  a: {kind: rows, rows: [{n: 1, r: {x: 1}, t: x}]}\n  b: {kind: rows, rows: [{n: 1, r: {x: 1}, t: x}]}\n"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: sample, from: a, count: 1, share: 0.5}", [("ATK220", "share")]),
        ("{kind: sample, from: a, share: 1.5}", [("ATK204", "1.5")]),
        ("{kind: sample, from: a, tokens: 10}", [("ATK505", "10")]),
        ("{kind: sample, from: a, tokens: 10, field: m}", [("ATK505", "m")]),
        ("{kind: mix, from: [a, b], parts: {a: {}, c: {}}}", [("ATK208", "parts"), ("ATK208", "c")]),
        (
            "{kind: mix, from: [a, b], parts: {a: {share: 0.7}, b: {share: 0.7}}}",
            [("ATK208", "{a: {share: 0.7}, b: {share: 0.7}}")],
        ),
        (
            "{kind: mix, from: [a, b], parts: {a: {share: 0.3}, b: {share: 0.3}}}",
            [("ATK208", "{a: {share: 0.3}, b: {share: 0.3}}")],
        ),
        ("{kind: mix, from: [a, b], parts: {a: {share: =1/3}, b: {share: 0.3}}}", []),
        ("{kind: mix, from: [a, b], parts: {a: {share: 0.3}, b: {}}, total: 9}", []),
        ("{kind: mix, from: [a, b], parts: {a: {share: 0.3}, b: {amount: 7}}, total: 10}", []),
        ("{kind: mix, from: [a, b], parts: {a: {share: 0.3}, b: {amount: 5}}, total: 10}", [("ATK208", "10")]),
        ("{kind: mix, from: [a, b], parts: {a: {share: 0.5, min: 8}, b: {min: 5}}, total: 10}", [("ATK208", "10")]),
        ("{kind: mix, from: [a, b], parts: {a: {share: 0.5}, b: {max: 2}}, total: 10}", [("ATK208", "10")]),
        ("{kind: mix, from: [a, b], parts: {a: {share: 0.5, max: 3}, b: {}}, total: 10}", []),
        ("{kind: mix, from: [a, b], parts: {a: {min: 2}, b: {ratio: 2, of: a}}, total: 5}", [("ATK208", "5")]),
        ("{kind: mix, from: [a, b], parts: {a: {amount: 4}, b: {ratio: 2, of: a}}, total: 10}", [("ATK208", "10")]),
        ("{kind: mix, from: [a, b], parts: {a: {}, b: {share: 0.7, amount: 3}}}", [("ATK220", "amount")]),
        ("{kind: mix, from: [a, b], parts: {a: {}, b: {ratio: 0.7}}}", [("ATK208", "{ratio: 0.7}")]),
        ("{kind: mix, from: [a, b], parts: {a: {}, b: {by: t, ratio: 0.7, of: a}}}", []),
        ("{kind: mix, from: [a, b], parts: {a: {ratio: 2, of: b}, b: {by: t}}}", [("ATK208", "b")]),
        ("{kind: mix, from: [a, b], parts: {a: {}, b: {by: t, share: 0.5}}}", [("ATK220", "share")]),
        ("{kind: mix, from: [a, b], parts: {a: {}, b: {ratio: 0.7, of: aa}}}", [("ATK208", "aa")]),
        ("{kind: mix, from: [a, b], parts: {a: {}, b: {}}, size: t}", [("ATK504", "t")]),
        ("{kind: pack, from: a, collect: {ns: =n}}", [("ATK202", "{kind: pack, from: a, collect: {ns: =n}}")]),
        ("{kind: pack, from: a, count: 3, up_to: 2, collect: {ns: =n}}", [("ATK208", "2")]),
        (
            "{kind: pack, from: a, size: n, collect: {ns: =n}}",
            [("ATK202", "{kind: pack, from: a, size: n, collect: {ns: =n}}")],
        ),
        ("{kind: pack, from: a, count: 2, collect: {count: =n}}", [("ATK207", "count")]),
        ("{kind: chunk, from: a, max_tokens: 9, field: n}", [("ATK504", "n")]),
        ("{kind: retrieve, from: a, with: b, query: t, text: t, into: f, k: 1, k_min: 2}", [("ATK208", "2")]),
        ("{kind: dedupe, from: a, by: n, how: near}", [("ATK504", "n")]),
        ("{kind: dedupe, from: a, by: [t, n], how: near}", [("ATK208", "[t, n]")]),
        ("{kind: dedupe, from: a, by: n, threshold: 0.5}", [("ATK208", "threshold")]),
        ("{kind: group, from: a, by: n, collect: {ts: =t}, whole: t == 1}", [("ATK302", "t")]),
    ],
)
def test_a_mistake_in_them_is_told(step: str, expected: list[tuple[str, str]]) -> None:
    assert [found for found in found_in(f"{ROWS}  s: {step}\n") if found[0] < "ATK506"] == expected


def test_values_of_parameters_are_checked_before_any_work() -> None:
    for options, told in (
        ({"kind": "sample", "share": "=x"}, "`share` of step `step` must be at most 1, not 7"),
        ({"kind": "pack", "count": 9, "up_to": "=x", "collect": {"n": "=n"}}, "`up_to` of step `step` is 7"),
        ({"kind": "dedupe", "by": "k", "how": "near", "threshold": "=x"}, "`threshold` of step `step` is 7"),
    ):
        given = {name: value for name, value in options.items() if name != "kind"}
        with pytest.raises(StepStopped, match=told):
            applied(str(options["kind"]), given, [{"n": 1, "k": "a"}], params={"x": 7}, types={"x": "int"})


# -- keys -------------------------------------------------------------------------------------------------------------


def test_equal_numbers_are_one_key_for_all_kinds_and_truth_is_no_number() -> None:
    given = [{"k": key, "n": number} for number, key in enumerate([3, 3.0, True, 1, 1.0, None, None, -0.0, 0, 1e300])]
    grouped = applied("group", {"by": "k", "collect": {"ns": "=n"}}, given).fields

    assert [fields["ns"] for fields in grouped] == [[0, 1], [2], [3, 4], [5, 6], [7, 8], [9]]
    for kind, options in (("dedupe", {"by": "k"}), ("limit", {"count": 1, "per": "k"})):
        assert numbers(kind, options, given) == [0, 2, 3, 5, 7, 9]
    assert len(applied("sample", {"count": 1, "per": "k"}, given).fields) == 6
    joined = applied("join", {"with": "o", "by": "k", "take": ["m"]}, given, others={"with": [{"k": 3.0, "m": 1}]})
    assert [fields["n"] for fields in joined.fields] == [0, 1]
