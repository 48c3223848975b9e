"""How the rows went through the steps: the graph, and the funnel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.report.drawing import Edge, Node, drawing
from atk_interp.report.html import Content, Html, tag
from atk_interp.report.values import count, number

__all__ = ["funnel", "graph"]

_MOST_NODES = 150
_COLUMNS = ("filtered", "rejected", "merged", "called", "from_ledger")
_HEADS = ("step", "in", "out", "", "filtered", "rejected", "merged", "calls paid", "from the ledger")


def graph(record: Mapping[str, Any]) -> Html | None:
    """The steps and outputs with the rows on their edges; nothing where there are too many to draw."""
    steps, taken = record["steps"], record.get("graph") or {}
    if not taken or len(steps) + len(record["outputs"]) > _MOST_NODES:
        return None
    nodes = [_step(step) for step in steps] + [_output(output) for output in record["outputs"]]
    drawn = drawing(nodes, list(_edges(record, taken)), "The steps of the pipeline, with how many rows left each")
    return tag("section", tag("h2", "Flow"), tag("div", drawn, cls="wide graph"), id="flow")


def _step(step: Mapping[str, Any]) -> Node:
    lost = [f"{step[what]:,} {what}" for what in ("filtered", "rejected", "merged") if step[what]]
    calls = step["called"] + step["from_ledger"]
    said = ", ".join(lost) or step["kind"]
    asked = [count(calls, "call")] if calls else []
    title = f"{step['name']} ({step['kind']}): " + ", ".join([count(step["rows_out"], "row") + " out", *lost, *asked])
    return Node(step["name"], step["name"], said, "asks" if calls else "", title)


def _output(output: Mapping[str, Any]) -> Node:
    rows = count(output["rows"], "row") + ("" if output["complete"] else ", incomplete")
    return Node(
        _key(output),
        output["name"],
        rows,
        "output" + ("" if output["complete"] else " partial"),
        f"{output['name']}: {rows}",
    )


def _key(output: Mapping[str, Any]) -> str:
    """Outputs and steps may bear one name."""
    return f"output {output['name']}"


def _edges(record: Mapping[str, Any], taken: Mapping[str, Any]) -> Iterator[Edge]:
    out = {step["name"]: step["rows_out"] for step in record["steps"]}
    for name, of in (taken.get("steps") or {}).items():
        for source in of["from"]:
            yield Edge(source, name, number(out.get(source, 0)))
        for source in of["uses"]:
            yield Edge(source, name, "", "beside")
    for output in record["outputs"]:
        source = (taken.get("outputs") or {}).get(output["name"])
        if source is not None:
            yield Edge(source, _key(output), number(out.get(source, 0)))


def funnel(record: Mapping[str, Any]) -> Html:
    """The books: for every step in = out + filtered + rejected + merged, where it makes one row of one."""
    most = max((max(step["rows_in"], step["rows_out"]) for step in record["steps"]), default=0)
    body = [_line(step, most) for step in record["steps"]]
    table = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", name, cls="n" if name != "step" else False) for name in _HEADS))),
        tag("tbody", *body),
    )
    return tag("section", tag("h2", "Funnel"), tag("div", table, cls="wide"), id="funnel")


def _line(step: Mapping[str, Any], most: int) -> Html:
    figures = [step["rows_in"], step["rows_out"], *(step[name] for name in _COLUMNS)]
    cells: list[Content] = [tag("td", number(figure) if figure else "–", cls="n") for figure in figures]
    cells.insert(2, tag("td", _bar(step, most)))
    notes = [
        f"{step[what]:,} {said}" for what, said in (("skipped", "skipped"), ("refused", "parts refused")) if step[what]
    ]
    name = tag("td", step["name"], *([tag("span", " " + ", ".join(notes), cls="quiet")] if notes else []))
    return tag("tr", name, *cells)


def _bar(step: Mapping[str, Any], most: int) -> Html:
    """The rows that left a step beside those that reached it, on the scale of the largest number of rows."""
    scale = 120 / most if most else 0
    return tag(
        "svg",
        tag("rect", width=f"{step['rows_in'] * scale:.1f}", height=10, cls="in"),
        tag("rect", width=f"{step['rows_out'] * scale:.1f}", height=10, cls="out"),
        width=120,
        height=10,
        viewBox="0 0 120 10",
        aria_hidden="true",
    )
