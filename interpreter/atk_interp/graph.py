"""Steps and edges: order, cycles with their path, what feeds what."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import field
from graphlib import CycleError, TopologicalSorter

from atk_interp.diagnostics import Code, Label, Severity, Sink, did_you_mean
from atk_interp.records import dataclass
from atk_interp.source import Span
from atk_interp.spec import PipelineSpec, Step

__all__ = ["CODES", "NOT_A_CONSTANT", "UNKNOWN_STEP", "Graph", "build_graph"]

UNKNOWN_STEP = Code(
    "ATK511",
    "unknown-step",
    Severity.ERROR,
    finds="A `from`, or another key that names a step, with a name that no step has.",
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
NOT_A_CONSTANT = Code(
    "ATK514",
    "not-a-constant",
    Severity.ERROR,
    finds="A `use` that names a step which is not of the kind `once`.",
    why="Only a `once` step has one value for all rows.",
    bad="use: documents   # documents: {kind: read, …}",
    good="use: rubric   # rubric: {kind: once, …}",
)

CODES = (UNKNOWN_STEP, CYCLE, NO_INPUT, NOT_A_CONSTANT)


@dataclass(frozen=True)
class Graph:
    """The steps that can be ordered. `inputs` and `sides` hold known steps only.

    `sides` are the steps that a step names elsewhere than under `from`, by the key that names them: it begins when
    they have ended. `broken` names the steps that are malformed, lack an input or stand in a cycle: nothing is known of
    their rows.
    """

    order: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    broken: frozenset[str]
    sides: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def leading_to(self, name: str) -> set[str]:
        """A step and every step that its rows, or the values that it uses, come from."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting += [*self.inputs[step], *(side for named in self.sides[step].values() for side in named)]
        return found


def build_graph(spec: PipelineSpec, sources: set[str], sink: Sink, either: Set[str] = frozenset()) -> Graph:
    """The graph of a spec. Reports unknown and missing inputs, and cycles.

    `sources` are the kinds that make rows and take none, `either` those that may do without.
    """
    broken = {name for name, step in spec.steps.items() if not step.valid}
    inputs: dict[str, tuple[str, ...]] = {}
    sides: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, step in spec.steps.items():
        inputs[name] = _known(spec, step, "from", step.inputs, sink)
        sides[name] = {key: _known(spec, step, key, named, sink) for key, named in step.sides.items()}
        if inputs[name] != step.inputs or sides[name] != step.sides:
            broken.add(name)
        if step.valid and step.kind not in either:
            _check_presence(spec, name, step.kind in sources, sink, broken)
    for output in spec.outputs.values():
        if output.source not in spec.steps:
            _unknown(spec, output.source, (*output.path, "from"), sink)
    edges = {name: (*inputs[name], *(other for named in sides[name].values() for other in named)) for name in inputs}
    order = _ordered(spec, edges, broken, sink)
    return Graph(order, inputs, frozenset(broken), sides)


def _known(spec: PipelineSpec, step: Step, key: str, named: tuple[str, ...], sink: Sink) -> tuple[str, ...]:
    """Those of the steps named under a key that are there; the others are reported."""
    path = step.option_path(key)
    for index, name in enumerate(named):
        if name not in spec.steps:
            _unknown(spec, name, (*path, index) if spec.document.has((*path, index)) else path, sink)
    return tuple(name for name in named if name in spec.steps)


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
    labels = [Label(*_edge(spec, name, source)) for source, name in zip([path[-1], *path], path, strict=False)]
    begin, *others = sorted(labels, key=lambda label: label.span.start)
    sink.report(CYCLE, begin.span, told, label=begin.text if others else "", labels=others, help=help_)


def _edge(spec: PipelineSpec, name: str, source: str) -> tuple[Span, str]:
    """Where a step names another one, and what it wants of it."""
    step = spec.steps[name]
    named = {"from": step.inputs, **step.sides}
    key = next(key for key, names in named.items() if source in names)
    item = (*step.option_path(key), named[key].index(source))
    place = item if spec.document.has(item) else step.option_path(key)
    told = f"`{name}` uses `{source}`" if key == "use" else f"`{name}` takes rows of `{source}`"
    return spec.document.span(place), told
