"""Edges: order, what is missing, and circles with their path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.lint_text import analysed, found_in

SOURCE = "  a: {kind: rows, rows: [{x: 1}]}\n"


def filters(**inputs: str) -> str:
    return "".join(f"  {name}: {{kind: filter, from: {of}, keep: true}}\n" for name, of in inputs.items())


def test_steps_stand_in_an_order_in_which_they_can_run() -> None:
    analysis, found = analysed(filters(c="[b, a]", b="a") + SOURCE)

    assert found == []
    assert analysis.graph.order == ("a", "b", "c")
    assert analysis.graph.inputs == {"c": ("b", "a"), "b": ("a",), "a": ()}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (filters(b="b"), [("ATK512", "b")]),
        (filters(b="c", c="b"), [("ATK512", "c")]),
        (filters(b="c", c="b", d="e", e="d"), [("ATK512", "c"), ("ATK512", "e")]),
        (filters(b="[a, c]", c="b"), [("ATK512", "c")]),
        (filters(b="nothing"), [("ATK511", "nothing")]),
        (filters(b="[a, nothing, none2]"), [("ATK511", "nothing"), ("ATK511", "none2")]),
        ("  b: {kind: filter, keep: true}\n", [("ATK513", "b")]),
        ("  b: {kind: rows, from: a, rows: [{x: 1}]}\n", [("ATK513", "from")]),
    ],
)
def test_a_broken_edge_is_told_once_where_it_is_written(steps: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(SOURCE + steps) == expected


def test_a_circle_is_told_with_its_path_and_all_its_places() -> None:
    _, (found,) = analysed(SOURCE + filters(b="d", c="b", d="c"))

    assert found.message == "these steps feed each other in a circle: `b` → `c` → `d` → `b`"
    assert [label.text for label in found.labels] == ["`c` takes rows of `b`", "`d` takes rows of `c`"]


def test_a_step_beside_a_malformed_one_is_not_blamed_for_it() -> None:
    steps = SOURCE + "  b: {kind: chunk, from: a}\n  c: {kind: filter, from: b, keep: y > 1}\n"

    assert found_in(steps, outputs="  o.jsonl: {from: b, format: jsonl}") == [("ATK202", "b")]


@given(
    st.dictionaries(
        st.sampled_from("bcdefg"), st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=3, unique=True)
    )
)
def test_any_graph_is_ordered_or_told_of(edges: dict[str, list[str]]) -> None:
    """Every known input stands before its step, unless a finding says why not."""
    analysis, found = analysed(SOURCE + filters(**{name: f"[{', '.join(of)}]" for name, of in edges.items()}))
    order = analysis.graph.order

    assert sorted(order) == sorted({"a", *edges})
    if not found:
        assert all(order.index(source) < order.index(name) for name, of in edges.items() for source in of)
