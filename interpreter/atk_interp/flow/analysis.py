"""The walk through a spec, from its inputs to its outputs, with the fields of the rows on each edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import DISK, Document, Files, load_document
from atk_interp.document import Path as DocumentPath
from atk_interp.expressions.types import INT, RecordType
from atk_interp.flow.checks import CheckView, checks_of
from atk_interp.flow.edges import OPEN, concatenated, lacking_after, lacking_in
from atk_interp.flow.leaving import left_by, left_unread
from atk_interp.flow.named import named_spec
from atk_interp.flow.outputs import check_output
from atk_interp.flow.requirements import check_requirements
from atk_interp.formats.outputs import OUTPUT_OPTIONS
from atk_interp.graph import NOT_A_CONSTANT, Graph, build_graph
from atk_interp.kinds import KIND_OPTIONS, KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.kinds.base.codes import SHADOWED_PARAMETER
from atk_interp.kinds.base.view import Followed, Nested
from atk_interp.records import dataclass
from atk_interp.spec import Option, Output, PipelineSpec, Step, load_spec, load_steps
from atk_interp.templates import PromptLibrary

if TYPE_CHECKING:
    from atk_interp.foreign.function import Function

__all__ = ["Analysis", "analyse", "prompt_folders"]

_MOST_OF_A_FILE = 2_000_000

_EITHER = (Cardinality.SOURCE_OR_ONE, Cardinality.SOURCE_OR_MANY)
"""What a kind may make of rows that may do without any."""


_KEEPING_FIELDS = frozenset(["filter", "sample", "shuffle", "sort", "limit", "mix", "dedupe"])
"""Kinds whose rows leave with the fields that they have, however their options are written."""


@dataclass(frozen=True)
class Analysis:
    """A spec with all that is known of it. It may be compiled when the sink of its analysis has no errors."""

    spec: PipelineSpec
    graph: Graph
    library: PromptLibrary
    views: Mapping[str, StepView]
    """Steps, with what was parsed for them; those of loops, too, as `refined.judged`."""
    fields: Mapping[str, RecordType]
    """The fields of the rows that leave each step."""
    outputs: Mapping[str, StepView]
    """Outputs, as views over the rows of their step."""
    folder: Path
    checks: Sequence[CheckView] = ()
    """What must hold at the end of a run."""

    def in_file_order(self) -> Iterator[StepView]:
        """The steps as they stand in the file, those of a loop after it."""
        for name in self.spec.steps:
            yield from (view for _, view in _with_inner(name, self.views[name]))


def _with_inner(name: str, view: StepView) -> Iterator[tuple[str, StepView]]:
    """A step and the steps within it, with their names."""
    yield name, view
    for inner in view.inner:
        yield from _with_inner(f"{name}.{inner.step.name}", inner)


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


@dataclass(frozen=True)
class _Opened:
    """What the analyses of a pipeline and of those within it share: pipelines by their files, each checked once.

    `chain` are the files of the pipelines around the one that is analysed, and its own, outermost first.
    """

    files: Files
    chain: tuple[Path, ...]
    known: dict[Path, Analysis | None]


def analyse(
    document: Document, folder: Path, sink: Sink, overrides: Sequence[Path] = (), files: Files = DISK
) -> Analysis | None:
    """Everything about a spec that can be known without running it; None when it is no spec at all.

    Errors in the pipelines that it uses are reported, too, each at its own place and once.
    """
    return _analyse(document, folder, sink, overrides, _Opened(files, (Path(document.file.path).resolve(),), {}))


def _analyse(
    document: Document,
    folder: Path,
    sink: Sink,
    overrides: Sequence[Path],
    opened: _Opened,
    handed: RecordType | None = None,
) -> Analysis | None:
    spec = load_spec(document, KIND_OPTIONS, OUTPUT_OPTIONS, sink)
    if spec is None:
        return None
    named = {step.kind for step in spec.steps.values() if step.kind in KINDS}
    sources = {name for name in named if KINDS[name].cardinality is Cardinality.SOURCE}
    either = {name for name in named if KINDS[name].cardinality in _EITHER}
    graph = build_graph(spec, sources, sink, either)
    library = PromptLibrary(prompt_folders(folder, spec.name, overrides), opened.files)
    flow = _Flow(spec, graph, library, sink, folder, opened, handed)
    for name in graph.order:
        flow.step(spec.steps[name])
    outputs = {name: flow.output(output) for name, output in spec.outputs.items()}
    checks = checks_of(spec, flow.views, sink)
    check_requirements(spec, sink)
    return Analysis(spec, graph, library, flow.views, flow.fields, outputs, folder, checks)


class _Flow:
    def __init__(
        self,
        spec: PipelineSpec,
        graph: Graph,
        library: PromptLibrary,
        sink: Sink,
        folder: Path,
        opened: _Opened,
        handed: RecordType | None,
    ) -> None:
        self.folder = folder
        self.opened = opened
        self.handed = handed
        self.spec = spec
        self.graph = graph
        self.library = library
        self.sink = sink
        self.views: dict[str, StepView] = {}
        self.fields: dict[str, RecordType] = {}
        self.providers: dict[str, str] = {}
        self.lacking: dict[str, Mapping[str, str]] = {}
        """Why fields may be null in the rows that leave each step."""

    def step(self, step: Step) -> None:
        if not step.valid:  # which is told; what is wrong after it need not wait
            names = self.graph.inputs[step.name]
            known = step.kind in _KEEPING_FIELDS and names and len(names) == len(step.inputs)
            self.fields[step.name] = left_unread(self._joined(names)) if known else OPEN
            self.lacking[step.name] = lacking_in({name: self.fields.get(name, OPEN) for name in names}, self.lacking)
            return
        view = self._view(step, self._input(step.name))
        self._add_sides(view)
        self.views[step.name] = view
        inputs = {name: self.fields.get(name, OPEN) for name in self.graph.inputs[step.name]}
        view.lacking = lacking_in(inputs, self.lacking)
        self.fields[step.name] = left_by(view)
        self.lacking[step.name] = lacking_after(view, self.fields[step.name])
        self.views.update(_with_inner(step.name, view))
        for name in self.fields[step.name].fields.keys() - self.providers.keys():
            self.providers[name] = step.name

    def _add_sides(self, view: StepView) -> None:
        """Tell a step of the steps that it names beside its inputs."""
        sides = self.graph.sides[view.step.name]
        view.sides = {
            key: self._joined(names) if len(names) == len(view.step.sides[key]) else OPEN
            for key, names in sides.items()
            if key != "use"
        }
        constants = {name: self.fields.get(name, OPEN) for name in sides.get("use", ())}
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
        view = self._view(step, self.fields.get(output.source, OPEN), OUTPUT_OPTIONS)
        view.lacking = self.lacking.get(output.source, {})
        check_output(view, self.views)
        return view

    def _view(self, step: Step, fields: RecordType, options: Mapping[str, Sequence[Option]] = KIND_OPTIONS) -> StepView:
        given = tuple(options.get(step.kind, ()))
        view = StepView(self.spec, step, given, fields, self.library, self.sink, self.providers)
        view.around, view.handed = self, self.handed
        return view

    # -- what steps with steps of their own ask for (`Around`) ----------------------------------------------------

    def open_pipeline(self, view: StepView, name: str, path: DocumentPath) -> Nested | None:
        file = named_spec(view, name, path, self.folder, self.opened.files, self.opened.chain)
        if file is None:
            return None
        opened = _Opened(self.opened.files, (*self.opened.chain, file), self.opened.known)
        if file not in opened.known:
            opened.known[file] = self._opened(file, opened)
        analysis = opened.known[file]
        if analysis is None:
            return None

        def fit(handed: RecordType | None, prompts: tuple[Path, ...]) -> tuple[Analysis, list[Diagnostic]]:
            sink = Sink()
            document = analysis.spec.document
            fitted = _analyse(document, analysis.folder, sink, prompts, opened, handed)
            return fitted or analysis, [finding for finding in sink.sorted() if finding.is_error]

        def find_prompts(name: str) -> Path | None:
            above = (self.folder, *prompt_folders(analysis.folder, analysis.spec.name))
            found = (above_ / Path(name).expanduser() for above_ in above)
            return next((folder.resolve() for folder in found if folder.is_dir()), None)

        return Nested(analysis, fit, find_prompts)

    def view_of(self, name: str) -> StepView | None:
        return self.views.get(name)

    def _opened(self, file: Path, opened: _Opened) -> Analysis | None:
        """The pipeline in a file by itself; None when it has errors, which are reported."""
        sink = Sink()
        document = load_document(file, sink, opened.files)
        analysis = _analyse(document, file.parent, sink, (), opened) if document is not None else None
        for finding in sink:
            if finding.is_error:
                self.sink.add(finding)
        return None if sink.has_errors else analysis

    def open_function(self, reference: Any) -> Function:
        from atk_interp.foreign.function import find_function

        return find_function(reference, self.folder, lambda path: self.opened.files.read(path, _MOST_OF_A_FILE))

    def cardinality(self, view: StepView) -> Cardinality:
        return KINDS[view.step.kind].makes(view)

    def open_steps(self, view: StepView, refused: Mapping[str, str]) -> Mapping[str, Step]:
        return load_steps(view.document, view.path("steps"), KIND_OPTIONS, view.sink, refused)

    def follow(self, view: StepView, steps: Sequence[Step], fields: RecordType, sink: Sink) -> Followed:
        views = []
        for step in steps:
            made = self._view(step, fields)
            made.sink, made.constants, made.locals = sink, view.constants, {**view.locals, "round": INT}
            views.append(made)
            fields = left_by(made)
            if self.cardinality(made) in (Cardinality.SOURCE, *_EITHER):
                fields = OPEN  # it cannot stand here, which is told
        return Followed(views, fields)

    def _input(self, name: str) -> RecordType:
        """What reaches a step: the rows of all its inputs; unknown when one of them is."""
        if name in self.graph.broken or any(source not in self.fields for source in self.graph.inputs[name]):
            return OPEN
        return self._joined(self.graph.inputs[name])

    def _joined(self, names: Iterable[str]) -> RecordType:
        """The rows of several steps, one after the other."""
        return concatenated(self.fields.get(name, OPEN) for name in names)
