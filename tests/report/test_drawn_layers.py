"""Where the nodes of a drawn graph stand."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from atk_interp.report.drawing import Edge, Node, drawing
from atk_interp.report.layers import layered

GRAPHS = st.integers(1, 9).flatmap(
    lambda count: st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=20).map(
        lambda pairs: ([f"n{number}" for number in range(count)], [(f"n{a}", f"n{b}") for a, b in pairs])
    )
)


@given(GRAPHS)
def test_every_edge_leads_down_layer_by_layer(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    nodes, edges = graph
    layers = layered(nodes, edges)
    at = {place: index for index, row in enumerate(layers.rows) for place in row}
    assert sorted(place for place in at if isinstance(place, str)) == sorted(nodes)
    assert layers.paths.keys() == {(a, b) for a, b in edges if a < b}
    for (start, end), path in layers.paths.items():
        assert (path[0], path[-1]) == (start, end)
        assert all(at[lower] == at[upper] + 1 for upper, lower in pairwise(path))


def test_the_places_of_a_layer_stand_below_what_they_come_from() -> None:
    layers = layered(["a", "b", "x", "y"], [("a", "y"), ("b", "x")])
    assert [list(row) for row in layers.rows] == [["a", "b"], ["y", "x"]]


def test_a_drawing_names_nodes_and_counts_and_escapes_them() -> None:
    nodes = [Node("a", "<a>", "read", "", "t"), Node("b", "b" * 60, "map", "asks", "t")]
    drawn = drawing(nodes, [Edge("a", "b", "1,234")], "title")
    assert "&lt;a&gt;" in drawn
    assert "1,234" in drawn
    assert f"{'b' * 29}…" in drawn
    assert "style=" not in drawn


def test_nothing_can_be_drawn() -> None:
    assert drawing([], [], "empty").startswith("<svg")
