"""Where the nodes of a graph stand when it is drawn from top to bottom.

The method of Sugiyama, Tagawa and Toda (1981) in its plainest form: each node in the layer below the lowest of those
before it, long edges through a place in every layer that they pass, and the order in each layer by the mean place of
the neighbours, a few times down and up.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise

from atk_interp.records import dataclass

__all__ = ["Layers", "layered"]

_SWEEPS = 4

_Place = Hashable
"""A node, or where an edge passes a layer: `(from, to, layer)`."""


@dataclass(frozen=True)
class Layers:
    """The nodes of each layer from left to right, and of each edge the places that it leads through."""

    rows: Sequence[Sequence[_Place]]
    paths: Mapping[tuple[str, str], Sequence[_Place]]


def layered(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layers:
    """The layers of a graph. `nodes` are in topological order, and edges that go against it are left out."""
    number = {node: index for index, node in enumerate(nodes)}
    forward = [
        edge
        for edge in dict.fromkeys(edges)
        if edge[0] in number and edge[1] in number and number[edge[0]] < number[edge[1]]
    ]
    layer: dict[str, int] = {}
    before: dict[str, list[str]] = {node: [] for node in nodes}
    for start, end in forward:
        before[end].append(start)
    for node in nodes:
        layer[node] = 1 + max((layer[start] for start in before[node]), default=-1)
    rows: list[list[_Place]] = [[] for _ in range(1 + max(layer.values(), default=-1))]
    for node in nodes:
        rows[layer[node]].append(node)
    paths: dict[tuple[str, str], list[_Place]] = {}
    for start, end in forward:
        passed: list[_Place] = [(start, end, between) for between in range(layer[start] + 1, layer[end])]
        for place, between in zip(passed, range(layer[start] + 1, layer[end]), strict=True):
            rows[between].append(place)
        paths[start, end] = [start, *passed, end]
    _order(rows, paths.values())
    return Layers(rows, paths)


def _order(rows: list[list[_Place]], paths: Iterable[Sequence[_Place]]) -> None:
    """Put the places of every layer near those that they are connected with."""
    above: dict[_Place, list[_Place]] = {}
    below: dict[_Place, list[_Place]] = {}
    for path in paths:
        for upper, lower in pairwise(path):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        order = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
        for index in order:
            fixed = {place: at for at, place in enumerate(rows[index - 1 if downwards else index + 1])}
            beside = above if downwards else below
            means = {place: _mean(beside.get(place, ()), fixed, own) for own, place in enumerate(rows[index])}
            rows[index].sort(key=means.__getitem__)


def _mean(neighbours: Sequence[_Place], at: Mapping[_Place, int], own: int) -> float:
    """The mean place of some neighbours; its own for a place that has none."""
    return sum(at[other] for other in neighbours) / len(neighbours) if neighbours else own
