"""Steps and edges: order, cycles with their path, what feeds what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from atk_interp.diagnostics import Code, Label, Severity, Sink, did_you_mean
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
    """The steps that can be ordered. `inputs` and `consumers` hold known steps only.

    `broken` names the steps that lack an input or stand in a cycle: nothing is known of their rows.
    """

    order: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    consumers: Mapping[str, tuple[str, ...]]
    broken: frozenset[str]

    def ancestors(self, name: str) -> set[str]:
        """Every step that a step's rows come from."""
        found: set[str] = set()
        waiting = list(self.inputs[name])
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting.extend(self.inputs[step])
        return found


def build_graph(spec: PipelineSpec, sources: set[str], written: set[str], sink: Sink) -> Graph:
    """The graph of a spec.

    `sources` are the names of the kinds that make rows; `written` all step names that stand in the file, also
    malformed ones, which are told already. Reports unknown inputs, missing inputs and cycles.
    """
    broken: set[str] = set()
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
            _unknown(spec, source, place, written, sink)
        inputs[name] = tuple(known)
        _check_presence(spec, name, step.kind in sources, sink, broken)
    for output in spec.outputs.values():
        if output.source not in spec.steps:
            _unknown(spec, output.source, (*output.path, "from"), written, sink)
    order = _ordered(spec, inputs, broken, sink)
    consumers: dict[str, list[str]] = {name: [] for name in spec.steps}
    for name, sources_of in inputs.items():
        for source in sources_of:
            consumers[source].append(name)
    return Graph(order, inputs, {name: tuple(found) for name, found in consumers.items()}, frozenset(broken))


def _unknown(spec: PipelineSpec, source: str, path: tuple[str | int, ...], written: set[str], sink: Sink) -> None:
    if source in written:
        return  # the step is there, and what is wrong with it is told where it stands
    sink.report(
        UNKNOWN_STEP,
        spec.document.span(path),
        f"there is no step `{source}`",
        notes=["steps are " + ", ".join(f"`{name}`" for name in spec.steps)],
        help=did_you_mean(source, spec.steps),
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
            cycle: list[str] = list(reversed(error.args[1]))
            _report_cycle(spec, cycle, sink)
            broken.update(cycle)
            # Cut the cycle and go on, so that a second one is found in the same pass.
            left[cycle[0]] = tuple(name for name in left[cycle[0]] if name not in cycle)


def _report_cycle(spec: PipelineSpec, cycle: list[str], sink: Sink) -> None:
    start = min(range(len(cycle) - 1), key=lambda index: list(spec.steps).index(cycle[index]))
    path = [*cycle[start:-1], *cycle[:start], cycle[start]]
    sink.report(
        CYCLE,
        spec.document.span(spec.steps[path[0]].option_path("from")),
        "these steps feed each other in a circle: " + " → ".join(f"`{name}`" for name in reversed(path)),
        labels=[
            Label(spec.document.span(spec.steps[name].option_path("from")), f"`{name}` takes rows from here")
            for name in path[1:-1]
        ],
        help="begin the chain with a source, such as a `read` step",
    )
