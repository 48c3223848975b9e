"""The graph of a pipeline as a Mermaid flowchart, for READMEs: https://mermaid.js.org/syntax/flowchart.html.

A step that asks a model is rounded and names its slot, an optional one has a dashed border; an edge bears the fields
that the step before it has added or changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.reference.graph import PipelineGraph, StepNode

__all__ = ["graph_mermaid"]


def graph_mermaid(graph: PipelineGraph) -> str:
    """`graph LR` with a node for each step and output."""
    lines = ["graph LR", *(f"  {_node(step)}" for step in graph.steps)]
    lines += [
        f'  {_output_id(number)}[/"{_safe(out.name)}<br/>{out.format}"/]' for number, out in enumerate(graph.outputs)
    ]
    lines += [f"  {edge}" for edge in _edges(graph)]
    optional = [_step_id(step.name) for step in graph.steps if step.when is not None]
    if optional:
        lines += ["  classDef optional stroke-dasharray: 5 5", f"  class {','.join(optional)} optional"]
    return "\n".join(lines)


def _node(step: StepNode) -> str:
    said = f"{step.kind}: {step.asks.slot}" if step.asks is not None and step.asks.slot else step.kind
    label = f'"{_safe(step.name)}<br/>{_safe(said)}"'
    identity = _step_id(step.name)
    if step.asks is not None:
        return f"{identity}({label})"
    return f"{identity}[({label})]" if not step.inputs else f"{identity}[{label}]"


def _edges(graph: PipelineGraph) -> Iterator[str]:
    written = {step.name: [*step.adds, *step.changes] for step in graph.steps}
    for step in graph.steps:
        for source in (name for name in step.inputs if name in written):
            yield f"{_step_id(source)} {_arrow(written[source])} {_step_id(step.name)}"
        for key, names in step.beside.items():
            for source in names:
                yield f'{_step_id(source)} -. "{_safe(key)}" .-> {_step_id(step.name)}'
    for number, output in enumerate(graph.outputs):
        if output.source in written:
            yield f"{_step_id(output.source)} {_arrow(written[output.source])} {_output_id(number)}"


def _arrow(fields: list[str]) -> str:
    return f'-- "{_safe(", ".join(fields))}" -->' if fields else "-->"


def _step_id(name: str) -> str:
    """No word of Mermaid, as `end` would be."""
    return f"step_{name}"


def _output_id(number: int) -> str:
    return f"output_{number}"


def _safe(text: str) -> str:
    """Text between quotes: Mermaid writes what would end or change it as entities."""
    return "".join(f"#{ord(c)};" if c in '"#<>&`' else c for c in text)
