"""Steps and edges: order, cycles with their path, what feeds what."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from atk_interp.diagnostics import Code, Label, Severity, Sink, did_you_mean
from atk_interp.records import dataclass
from atk_interp.source import Span
from atk_interp.spec import PipelineSpec

__all__ = ["CODES", "Graph", "build_graph"]

UNKNOWN_STEP = Code(
    "ATK511",
    "unknown-step",
    Severity.ERROR,
    finds="A `from` that names no step.",
    why="The step or output would have no rows.",
    bad="from: pasages",
    good="from: passages",
)
CYCLE = Code(
    "ATK512",
    "cycle",
    Severity.ERROR,
    finds="Steps that feed each other in a circle.",
    why="None of them could ever begin.",
    bad="a: {from: b, …}\nb: {from: a, …}",
    good="a: {from: source, …}\nb: {from: a, …}",
)
NO_INPUT = Code(
    "ATK513",
    "no-input",
    Severity.ERROR,
    finds="A step without `from` that needs rows, or a source with one.",
    why="Sources make rows of their own; all other steps work on the rows of a step before them.",
    bad="clean: {kind: filter, keep: text}",
    good="clean: {kind: filter, from: documents, keep: text}",
)

CODES = (UNKNOWN_STEP, CYCLE, NO_INPUT)


@dataclass(frozen=True)
class Graph:
    """The steps that can be ordered. `inputs` holds known steps only.

    `broken` names the steps that are malformed, lack an input or stand in a cycle: nothing is known of their rows.
    """

    order: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    broken: frozenset[str]


def build_graph(spec: PipelineSpec, sources: set[str], sink: Sink) -> Graph:
    """The graph of a spec. `sources` are the kinds that make rows. Reports unknown and missing inputs, and cycles."""
    broken = {name for name, step in spec.steps.items() if not step.valid}
    inputs: dict[str, tuple[str, ...]] = {}
    for name, step in spec.steps.items():
        path = step.option_path("from")
        known = []
        for index, source in enumerate(step.inputs):
            if source in spec.steps:
                known.append(source)
                continue
            broken.add(name)
            place = (*path, index) if spec.document.has((*path, index)) else path
            _unknown(spec, source, place, sink)
        inputs[name] = tuple(known)
        if step.valid:
            _check_presence(spec, name, step.kind in sources, sink, broken)
    for output in spec.outputs.values():
        if output.source not in spec.steps:
            _unknown(spec, output.source, (*output.path, "from"), sink)
    order = _ordered(spec, inputs, broken, sink)
    return Graph(order, inputs, frozenset(broken))


def _unknown(spec: PipelineSpec, source: str, path: tuple[str | int, ...], sink: Sink) -> None:
    if not spec.steps:
        return  # that there are none at all is told elsewhere
    near = did_you_mean(source, spec.steps)
    sink.report(
        UNKNOWN_STEP,
        spec.document.span(path),
        f"there is no step `{source}`",
        notes=["steps are " + ", ".join(f"`{name}`" for name in spec.steps)] if not near else (),
        help=near,
    )


def _check_presence(spec: PipelineSpec, name: str, is_source: bool, sink: Sink, broken: set[str]) -> None:
    step = spec.steps[name]
    if is_source and step.inputs:
        sink.report(
            NO_INPUT,
            spec.document.key_span(step.option_path("from")),
            f"`{step.kind}` makes rows of its own and takes none",
            help="remove `from`",
        )
    elif not is_source and not step.inputs:
        broken.add(name)
        sink.report(
            NO_INPUT,
            spec.document.key_span(step.path),
            f"step `{name}` has no rows to work on",
            help="write `from:` with the step before it",
        )


def _ordered(
    spec: PipelineSpec, inputs: Mapping[str, tuple[str, ...]], broken: set[str], sink: Sink
) -> tuple[str, ...]:
    left = dict(inputs)
    while True:
        try:
            sorter = TopologicalSorter(left)
            return tuple(sorter.static_order())
        except CycleError as error:
            cycle: list[str] = error.args[1]
            _report_cycle(spec, cycle, sink)
            broken.update(cycle)
            # Cut the cycle and go on, so that a second one is found in the same pass.
            left[cycle[0]] = tuple(name for name in left[cycle[0]] if name not in cycle)


def _report_cycle(spec: PipelineSpec, cycle: list[str], sink: Sink) -> None:
    """`cycle` names each step before the one that it feeds, and its first step again at the end."""
    first = min(range(len(cycle) - 1), key=lambda index: list(spec.steps).index(cycle[index]))
    path = [*cycle[first:-1], *cycle[:first]]
    if len(path) == 1:
        told, help_ = f"step `{path[0]}` takes rows from itself", "name another step"
    else:
        circle = " → ".join(f"`{name}`" for name in (*path, path[0]))
        told, help_ = f"these steps feed each other in a circle: {circle}", "let one of them take rows from elsewhere"
    labels = [
        Label(_input_place(spec, name, source), f"`{name}` takes rows of `{source}`")
        for source, name in zip([path[-1], *path], path, strict=False)
    ]
    begin, *others = sorted(labels, key=lambda label: label.span.start)
    sink.report(CYCLE, begin.span, told, label=begin.text if others else "", labels=others, help=help_)


def _input_place(spec: PipelineSpec, name: str, source: str) -> Span:
    """Where a step names one of its inputs."""
    path = spec.steps[name].option_path("from")
    item = (*path, spec.steps[name].inputs.index(source))
    return spec.document.span(item if spec.document.has(item) else path)
