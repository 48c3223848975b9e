"""The kinds that ask no model: their examples, and the edges of what they do."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atk_interp.formats.chunking import SMALLEST_LIMIT
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Example, StepStopped
from atk_interp.kinds.chunk import SMALLEST
from support.one_step import applied

EXAMPLES = [(name, example) for name, kind in KINDS.items() for example in kind.examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_a_kind_does_what_its_examples_say(name: str, example: Example) -> None:
    found = applied(name, example.options, example.given, params=example.params, others=example.others)

    assert [list(fields.items()) for fields in found.fields] == [list(fields.items()) for fields in example.expect]


TEXTS = st.lists(st.text("ab .\n", max_size=30).map(lambda text: {"text": text}), max_size=5)


@given(TEXTS, st.integers(4, 12))
@settings(max_examples=60)
def test_passages_stand_in_order_and_lose_nothing(rows: list[dict[str, Any]], size: int) -> None:
    for row in rows:
        passages = applied("chunk", {"max_tokens": size}, [row]).rows
        at = 0
        for index, passage in enumerate(passages):
            start, end = passage.fields["start"], passage.fields["end"]
            assert isinstance(start, int)
            assert isinstance(end, int)
            assert row["text"][at:start].strip() == ""
            assert row["text"][start:end] == passage.fields["text"]
            assert (passage.fields["index"], passage.order[-1]) == (index, index)
            at = end
        assert row["text"][at:].strip() == ""


def test_rows_of_equal_content_have_ids_of_their_own() -> None:
    chunks = applied("chunk", {"max_tokens": 5}, [{"text": "Same here now.\n\nSame here now."}]).rows
    pieces = applied("explode", {"field": "tags"}, [{"tags": ["a", "a"]}]).rows
    written = applied("rows", {"rows": [{"x": 1}, {"x": 1}]}).rows

    for rows in (chunks, pieces, written):
        assert len(rows) == 2
        assert len({row.id for row in rows}) == 2


def test_the_id_of_a_passage_follows_from_its_text_and_not_from_its_place() -> None:
    long = applied("chunk", {"max_tokens": 5}, [{"text": "One two three.\n\nFour five six."}]).rows
    again = applied("chunk", {"max_tokens": 5}, [{"text": "One two three.\n\nFour five six."}]).rows

    assert [row.id for row in long] == [row.id for row in again]
    assert all(row.parent is not None for row in long)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_tokens": "=n", "overlap": 9}, "`overlap` leaves -4 of 5 tokens"),
        ({"max_tokens": "=none_given"}, "`max_tokens`"),
    ],
)
def test_values_that_make_no_sense_stop_a_run(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StepStopped, match=message):
        applied(
            "chunk", options, [{"text": "a"}], params={"n": 5, "none_given": 0}, types={"n": "int", "none_given": "int"}
        )


def test_a_filter_says_what_a_row_failed() -> None:
    found = applied("filter", {"keep": "n > 1"}, [{"n": 1}, {"n": 2}])

    assert found.fields == [{"n": 2}]
    assert [(lost.outcome, lost.label, dict(lost.row.fields)) for lost in found.dropped] == [
        ("filtered", "keep: n > 1", {"n": 1})
    ]


def test_map_sees_the_row_as_it_came_in() -> None:
    options = {"set": {"a": "=b", "b": "=a"}, "rename": {"c": "d"}, "drop": ["e"]}

    assert applied("map", options, [{"a": 1, "b": 2, "c": 3, "e": 4}]).fields == [{"a": 2, "b": 1, "d": 3}]


def test_map_writes_structures_of_formulas_and_templates() -> None:
    options = {"set": {"pair": {"q": "=a", "line": "{{ a }}!", "list": ["=a", 5, "text"]}}}

    assert applied("map", options, [{"a": 1}]).fields[0]["pair"] == {"q": 1, "line": "1!", "list": [1, 5, "text"]}


@pytest.mark.parametrize("value", [[], None])
def test_an_empty_list_is_filtered_and_not_lost(value: Any) -> None:
    found = applied("explode", {"field": "tags"}, [{"tags": value}])

    assert (found.rows, [lost.label for lost in found.dropped]) == ([], ["`tags` is empty"])


def test_a_row_of_another_type_is_rejected_and_the_others_go_on() -> None:
    exploded = applied("explode", {"field": "x"}, [{"x": "abc"}, {"x": ["abc"]}])
    cut = applied("chunk", {"max_tokens": 5, "field": "x"}, [{"x": 5}, {"x": "abc"}])

    for found, label in ((exploded, "`x` is no list"), (cut, "`x` is no text")):
        assert [(dropped.outcome, dropped.label) for dropped in found.dropped] == [("rejected", label)]
        assert len(found.rows) == 1


def test_the_source_of_a_written_row_says_nothing_of_its_place() -> None:
    assert [row.source for row in applied("rows", {"rows": [{"a": 1}, {"a": 2}]}).rows] == ["rows", "rows"]
    assert [row.source for row in applied("input", {}, [{"a": 1}, {"a": 2}]).rows] == ["input", "input"]


def test_groups_stand_in_the_order_of_their_first_rows_and_know_numbers_from_texts() -> None:
    rows: list[dict[str, Any]] = [
        {"k": 1, "v": "a"},
        {"k": "1", "v": "b"},
        {"k": 1, "v": "c"},
        {"k": None, "v": "d"},
        {"k": True, "v": "e"},
    ]
    found = applied("group", {"by": "k", "collect": {"vs": "=v"}}, rows)

    assert [(fields["vs"], fields["count"]) for fields in found.fields] == [
        (["a", "c"], 2), (["b"], 1), (["d"], 1), (["e"], 1),
    ]  # fmt: skip
    assert [row.source for row in found.rows] == ["f0.txt", "f1.txt", "f3.txt", "f4.txt"]


def test_a_group_with_another_member_is_another_row() -> None:
    one = applied("group", {"by": "k", "collect": {"vs": "=v"}}, [{"k": 1, "v": "a"}]).rows
    two = applied("group", {"by": "k", "collect": {"vs": "=v"}}, [{"k": 1, "v": "a"}, {"k": 1, "v": "b"}]).rows

    assert one[0].id != two[0].id


@given(st.lists(st.integers(0, 500), unique=True, max_size=25), st.integers(0, 8), st.randoms())
@settings(max_examples=60)
def test_a_sample_follows_from_content_and_keeps_the_order(numbers: list[int], count: int, chance: Random) -> None:
    """More rows push out some of those chosen and bring back none; another order chooses the same."""

    def chosen(among: list[int]) -> list[int]:
        return [fields["n"] for fields in applied("sample", {"count": count}, [{"n": n} for n in among]).fields]

    found = chosen(numbers)
    mixed = chance.sample(numbers, len(numbers))

    assert len(found) == min(count, len(numbers))
    assert found == [number for number in numbers if number in found]
    assert set(chosen(mixed)) == set(found)
    assert set(chosen([*numbers, 999])) - {999} <= set(found)


def test_a_sample_without_a_count_passes_all() -> None:
    rows = [{"n": 1}, {"n": 2}]

    assert applied("sample", {}, rows).fields == rows
    assert applied("sample", {"count": "=n"}, rows, params={"n": None}, types={"n": "int"}).fields == rows
    assert applied("sample", {"count": "=k"}, rows, params={"k": 0}, types={"k": "int"}).fields == []


def test_another_seed_chooses_other_rows() -> None:
    rows = [{"n": number} for number in range(50)]
    chosen = [
        [fields["n"] for fields in applied("sample", {"count": 10}, rows, seed=seed).fields] for seed in (0, 0, 1)
    ]

    assert chosen[0] == chosen[1] != chosen[2]


def test_rows_may_come_from_a_parameter() -> None:
    given_rows = [{"a": 1}, {"a": 2}]

    assert applied("rows", {"rows": "=list"}, params={"list": given_rows}, types={"list": "list"}).fields == given_rows
    with pytest.raises(StepStopped, match="row 1 of step `step` is no mapping"):
        applied("rows", {"rows": "=list"}, params={"list": [{}, 5]}, types={"list": "list"})


def test_read_gives_rows_in_the_order_of_the_files_and_says_what_it_skips(tmp_path: Path) -> None:
    for name, text in {"b.txt": "B", "a.md": "A", "sub/c.txt": "C", "d.bin": "\x00"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = applied("read", {"path": "."}, folder=tmp_path)

    assert [(row.source, row.fields["text"]) for row in found.rows] == [
        ("a.md", "A"),
        ("b.txt", "B"),
        ("sub/c.txt", "C"),
    ]
    assert [".bin" in f"{note.where} {note.message} {note.help}" for note in found.notes] == [True]


def test_a_moved_document_is_the_same_row(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A", encoding="utf-8")
    before = applied("read", {"path": "a.txt"}, folder=tmp_path).rows
    (tmp_path / "a.txt").rename(tmp_path / "z.txt")
    after = applied("read", {"path": "z.txt"}, folder=tmp_path).rows

    assert before[0].id == after[0].id
    assert before[0].source != after[0].source


def test_reading_nothing_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(StepStopped, match="nowhere"):
        applied("read", {"path": "nowhere"}, folder=tmp_path)


def test_the_smallest_chunk_is_what_the_cutter_can_make() -> None:
    assert SMALLEST == SMALLEST_LIMIT
