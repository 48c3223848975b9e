"""Which fields exist on each edge: a spec analysed from its text to the types of its rows, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from atk_interp.diagnostics import Sink
from atk_interp.document import DISK, Document, Files
from atk_interp.expressions.types import ANY, NULL, RecordType, Type, join_types, maybe
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.graph import NOT_A_CONSTANT, Graph, build_graph
from atk_interp.kinds import KIND_OPTIONS, KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.kinds.base.view import SHADOWED_PARAMETER
from atk_interp.records import dataclass
from atk_interp.spec import Output, PipelineSpec, Step, Takes, load_spec
from atk_interp.templates import PromptLibrary

__all__ = ["Analysis", "analyse", "prompt_folders"]

_OPEN = RecordType({}, open=True)


@dataclass(frozen=True)
class Analysis:
    """A spec with all that is known of it. It may be compiled when the sink of its analysis has no errors."""

    spec: PipelineSpec
    graph: Graph
    library: PromptLibrary
    views: Mapping[str, StepView]
    """Steps, with what was parsed for them."""
    fields: Mapping[str, RecordType]
    """The fields of the rows that leave each step."""
    outputs: Mapping[str, StepView]
    """Outputs, as views over the rows of their step."""
    folder: Path


def prompt_folders(folder: Path, pipeline: str, overrides: Sequence[Path] = ()) -> list[Path]:
    """Where prompts are looked for, in order: overrides, `prompts/` beside the spec, `prompts/<pipeline>/` above."""
    folders = [*overrides]
    if (folder / "prompts").is_dir():
        folders.append(folder / "prompts")
    for ancestor in (folder, *folder.parents[:3]):
        candidate = ancestor / "prompts" / pipeline
        if pipeline and candidate.is_dir():
            folders.append(candidate)
            break
    return folders


def analyse(
    document: Document, folder: Path, sink: Sink, overrides: Sequence[Path] = (), files: Files = DISK
) -> Analysis | None:
    """Everything about a spec that can be known without running it; None when it is no spec at all."""
    formats = {name: output.options for name, output in OUTPUTS.items()}
    spec = load_spec(document, KIND_OPTIONS, formats, sink)
    if spec is None:
        return None
    named = {step.kind for step in spec.steps.values() if step.kind in KINDS}
    sources = {name for name in named if KINDS[name].cardinality is Cardinality.SOURCE}
    either = {name for name in named if KINDS[name].cardinality is Cardinality.SOURCE_OR_ONE}
    graph = build_graph(spec, sources, sink, either)
    library = PromptLibrary(prompt_folders(folder, spec.name, overrides), files)
    flow = _Flow(spec, graph, library, sink)
    for name in graph.order:
        flow.step(spec.steps[name])
    outputs = {name: flow.output(output) for name, output in spec.outputs.items()}
    return Analysis(spec, graph, library, flow.views, flow.fields, outputs, folder)


class _Flow:
    def __init__(self, spec: PipelineSpec, graph: Graph, library: PromptLibrary, sink: Sink) -> None:
        self.spec = spec
        self.graph = graph
        self.library = library
        self.sink = sink
        self.views: dict[str, StepView] = {}
        self.fields: dict[str, RecordType] = {}
        self.providers: dict[str, str] = {}

    def step(self, step: Step) -> None:
        if not step.valid:
            self.fields[step.name] = _OPEN
            return
        view = self._view(step, self._input(step.name))
        self._add_sides(view)
        self.views[step.name] = view
        skipped = self._skipped(view) if step.has_when else None
        made = KINDS[step.kind].flow(view)
        self.fields[step.name] = made if skipped is None else _after_when(skipped, made)
        for name in made.fields:
            self.providers.setdefault(name, step.name)

    def _skipped(self, view: StepView) -> RecordType:
        """The rows that pass a step by. Those that do not are what its `when` says of them."""
        before, path = view.input, view.step.option_path("when")
        view.expression(path, view.row_scope())
        view.input = view.narrowed(before, path)
        return view.narrowed(before, path, holds=False)

    def _add_sides(self, view: StepView) -> None:
        """Tell a step of the steps that it names beside its inputs."""
        sides = self.graph.sides[view.step.name]
        view.sides = {
            key: self._joined(names) if len(names) == len(view.step.sides[key]) else _OPEN
            for key, names in sides.items()
            if key != "use"
        }
        constants = {name: self.fields.get(name, _OPEN) for name in sides.get("use", ())}
        for name in constants:
            self._check_use(view, name)
        view.constants = constants

    def _check_use(self, view: StepView, name: str) -> None:
        place = view.path("use")
        index = (*place, view.step.sides["use"].index(name))
        span = view.document.span(index if view.document.has(index) else place)
        if self.spec.steps[name].kind != "once":
            told = f"`{name}` is no `once` step, so there is not one value of it for all rows"
            self.sink.report(NOT_A_CONSTANT, span, told, help="take its rows with `from`, or make it `kind: once`")
        elif name in view.input.fields:
            told = f"`{name}` is a field of the rows here, so `use: {name}` would give the name two meanings"
            self.sink.report(SHADOWED_PARAMETER, span, told, help="choose another name for the step")

    def output(self, output: Output) -> StepView:
        step = Step(output.name, output.format, (output.source,), False, output.options, output.path)
        view = self._view(step, self.fields.get(output.source, _OPEN))
        view.options = OUTPUTS[output.format].options
        if "where" in output.options:
            view.expression(view.path("where"), view.row_scope())
            view.input = view.narrowed(view.input, view.path("where"))
        for option in view.options:
            if option.name not in output.options:
                continue
            if option.takes is Takes.FIELDS:
                for field in output.options[option.name]:
                    view.content((*view.path(option.name), field), view.row_scope())
            elif option.name == "messages":
                view.messages(view.path("messages"), view.row_scope())
        return view

    def _view(self, step: Step, fields: RecordType) -> StepView:
        options = KINDS[step.kind].options if step.kind in KINDS else ()
        return StepView(self.spec, step, options, fields, self.library, self.sink, self.providers)

    def _input(self, name: str) -> RecordType:
        """What reaches a step: the rows of all its inputs; unknown when one of them is."""
        if name in self.graph.broken or any(source not in self.fields for source in self.graph.inputs[name]):
            return _OPEN
        return self._joined(self.graph.inputs[name])

    def _joined(self, names: Iterable[str]) -> RecordType:
        """The rows of several steps, one after the other."""
        return _concatenated(self.fields.get(name, _OPEN) for name in names)


def _concatenated(inputs: Iterable[Type]) -> RecordType:
    joined = join_types(inputs)
    return joined if isinstance(joined, RecordType) else RecordType({})


def _after_when(before: RecordType, made: RecordType) -> RecordType:
    """Rows that pass a step and rows that pass it by: what only the step writes may be missing."""
    fields: dict[str, Type] = {}
    for name, type_ in made.fields.items():
        skipped = before.fields.get(name, ANY if before.open else NULL)
        fields[name] = maybe(type_) if skipped == NULL else join_types([type_, skipped])
    for name, type_ in before.fields.items():
        fields.setdefault(name, maybe(type_))
    return RecordType(fields, before.open or made.open)
