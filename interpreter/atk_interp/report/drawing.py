"""The graph of a run, drawn as SVG: steps and outputs, and on every edge how many rows went along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atk_interp.records import dataclass
from atk_interp.report.html import Html, tag
from atk_interp.report.layers import Layers, layered

__all__ = ["Edge", "Node", "drawing"]

_CHARACTER = 8.0
"""The width of a character, with room to spare: the fonts of readers differ."""
_HEIGHT = 44
_GAP_X = 26
_GAP_Y = 46
_MARGIN = 10
_PASSAGE = 14
"""The width of the place of an edge that passes a layer."""
_MOST_CHARACTERS = 30


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its name, what is said below it, and its class. `title` is told when it is pointed at."""

    key: str
    name: str
    said: str
    cls: str
    title: str


@dataclass(frozen=True, slots=True)
class Edge:
    """From one node to another; `rows` is written at it, if it is anything. `cls` is its class."""

    start: str
    end: str
    rows: str
    cls: str = ""


def drawing(nodes: Sequence[Node], edges: Sequence[Edge], title: str) -> Html:
    """The drawing. `nodes` are in topological order."""
    widths = {node.key: _width(node) for node in nodes}
    layers = layered([node.key for node in nodes], ((edge.start, edge.end) for edge in edges))
    centres, width = _placed(layers, widths)
    by_ends = {(edge.start, edge.end): edge for edge in edges}
    lines, words = [], []
    for ends, path in layers.paths.items():
        points = [centres[place] for place in path]
        lines.append(_line(points, by_ends[ends].cls))
        words += _rows_at(points, by_ends[ends].rows)
    boxes = [_box(node, widths[node.key], *centres[node.key]) for node in nodes]
    height = len(layers.rows) * (_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN
    return tag(
        "svg",
        tag("title", title),
        lines,
        words,
        boxes,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
    )


def _width(node: Node) -> float:
    longest = max(len(_shortened(node.name)), round(len(_shortened(node.said)) * 0.86))
    return max(90.0, longest * _CHARACTER + 24)


def _shortened(name: str) -> str:
    return name if len(name) <= _MOST_CHARACTERS else f"{name[: _MOST_CHARACTERS - 1]}…"


def _placed(layers: Layers, widths: Mapping[str, float]) -> tuple[dict[object, tuple[float, float]], float]:
    """The middle of every place, and the width of the whole. Every layer stands in the middle of the widest."""

    def wide(place: object) -> float:
        return widths[place] if isinstance(place, str) else _PASSAGE

    totals = [sum(map(wide, row)) + _GAP_X * (len(row) - 1) for row in layers.rows]
    widest = max(totals, default=0.0)
    centres: dict[object, tuple[float, float]] = {}
    for index, (row, total) in enumerate(zip(layers.rows, totals, strict=True)):
        x = _MARGIN + (widest - total) / 2
        y = _MARGIN + index * (_HEIGHT + _GAP_Y) + _HEIGHT / 2
        for place in row:
            centres[place] = (x + wide(place) / 2, y)
            x += wide(place) + _GAP_X
    return centres, widest + 2 * _MARGIN


def _line(points: Sequence[tuple[float, float]], cls: str) -> Html:
    """A curve from below the first point to above the last, straight down through those between."""
    half = _HEIGHT / 2
    x, y = points[0][0], points[0][1] + half
    parts = [f"M{x:.0f} {y:.0f}"]
    for index, (to_x, middle) in enumerate(points[1:], 1):
        to_y = middle - half
        bend = (to_y - y) * 0.55
        parts.append(f"C{x:.0f} {y + bend:.0f} {to_x:.0f} {to_y - bend:.0f} {to_x:.0f} {to_y:.0f}")
        x, y = to_x, to_y
        if index < len(points) - 1:
            y = middle + half
            parts.append(f"V{y:.0f}")
    arrow = f"M{x - 4:.0f} {y - 7:.0f} L{x:.0f} {y:.0f} L{x + 4:.0f} {y - 7:.0f}"
    return tag("path", d=" ".join([*parts, arrow]), cls=f"edge {cls}".strip())


def _rows_at(points: Sequence[tuple[float, float]], rows: str) -> list[Html]:
    """The count, just above where the edge ends: there edges from one node have parted."""
    if not rows:
        return []
    (from_x, from_y), (x, y) = points[-2], points[-1]
    share = 0.62
    at_x, at_y = from_x + (x - from_x) * share, from_y + (y - from_y) * share - 2
    return [tag("text", rows, x=f"{at_x + 5:.0f}", y=f"{at_y:.0f}", cls="count")]


def _box(node: Node, width: float, x: float, y: float) -> Html:
    left, top = x - width / 2, y - _HEIGHT / 2
    return tag(
        "g",
        tag("title", node.title),
        tag("rect", x=f"{left:.0f}", y=f"{top:.0f}", width=f"{width:.0f}", height=_HEIGHT, rx=8),
        tag("text", _shortened(node.name), x=f"{x:.0f}", y=f"{y - 3:.0f}", cls="name"),
        tag("text", _shortened(node.said), x=f"{x:.0f}", y=f"{y + 13:.0f}", cls="said"),
        cls=f"node {node.cls}".strip(),
    )
