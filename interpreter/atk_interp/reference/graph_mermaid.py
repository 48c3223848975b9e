"""The graph of a pipeline as a Mermaid flowchart, for READMEs: https://mermaid.js.org/syntax/flowchart.html.

A step that asks a model is rounded and names its slot, an optional one has a dashed border, one with steps of its own
is a frame around them; an edge bears the fields that the step before it has added or changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.reference.graph_nodes import PipelineGraph, StepNode

__all__ = ["graph_mermaid"]


def graph_mermaid(graph: PipelineGraph) -> str:
    """`graph LR` with a node for each step and output."""
    lines = ["graph LR", *(f"  {line}" for step in graph.steps for line in _node(step))]
    lines += [
        f'  {_output_id(number)}[/"{_safe(out.name)}<br/>{out.format}"/]' for number, out in enumerate(graph.outputs)
    ]
    lines += [f"  {edge}" for edge in _edges(graph)]
    optional = [_step_id(step.name) for step in graph.all_steps() if step.when is not None]
    if optional:
        lines += ["  classDef optional stroke-dasharray: 5 5", f"  class {','.join(optional)} optional"]
    return "\n".join(lines)


def _node(step: StepNode) -> Iterator[str]:
    said = f"{step.kind}: {step.asks.slot}" if step.asks is not None and step.asks.slot else step.kind
    label = f'"{_safe(step.name.rpartition(".")[2])}<br/>{_safe(said)}"'
    identity = _step_id(step.name)
    if step.steps:
        yield f"subgraph {identity}[{label}]"
        yield from (f"  {line}" for inner in step.steps for line in _node(inner))
        yield "end"
    elif step.asks is not None:
        yield f"{identity}({label})"
    else:
        yield f"{identity}[({label})]" if not step.inputs else f"{identity}[{label}]"


def _edges(graph: PipelineGraph) -> Iterator[str]:
    steps = {step.name: step for step in graph.all_steps()}
    for step in steps.values():
        if not _is_entered(step):
            for source in (name for name in step.inputs if name in steps):
                loop = steps.get(source.rpartition(".")[0])
                ends = loop is not None and loop.kind == "loop" and loop.name in steps[source].feeds
                arrow = '-. "next round" .->' if ends else _arrow(steps[source])
                yield f"{_step_id(_end(steps[source]).name)} {arrow} {_step_id(step.name)}"
        for key, names in step.beside.items():
            for source in names:
                yield f'{_step_id(source)} -. "{_safe(key)}" .-> {_step_id(step.name)}'
    for number, output in enumerate(graph.outputs):
        if output.source in steps:
            source = _end(steps[output.source]).name
            yield f"{_step_id(source)} {_arrow(steps[output.source])} {_output_id(number)}"


def _is_entered(step: StepNode) -> bool:
    """Whether a step within takes the rows of a step, so that the edge leads there."""
    return any(set(step.inputs) & set(inner.inputs) for inner in step.steps)


def _end(step: StepNode) -> StepNode:
    """The step whose rows leave a step: itself, or the one within that gives it its rows."""
    return next((_end(inner) for inner in step.steps if step.name in inner.feeds), step)


def _arrow(source: StepNode) -> str:
    """An arrow with the fields that a step has added or changed."""
    fields = [*source.adds, *source.changes]
    return f'-- "{_safe(", ".join(fields))}" -->' if fields else "-->"


def _step_id(name: str) -> str:
    """No word of Mermaid, as `end` would be."""
    return f"step_{name}"


def _output_id(number: int) -> str:
    return f"output_{number}"


def _safe(text: str) -> str:
    """Text between quotes: Mermaid writes what would end or change it as entities."""
    return "".join(f"#{ord(c)};" if c in '"#<>&`' else c for c in text)
