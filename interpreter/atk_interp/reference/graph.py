"""The graph of one pipeline as data: steps in the order in which they run, with the fields on every edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from atk_interp.document import shown
from atk_interp.expressions.types import ANY, RecordType, Type
from atk_interp.flow import Analysis
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Cardinality, StepView, one_line
from atk_interp.kinds.base.nested import NestedRows
from atk_interp.lint import Linted
from atk_interp.records import dataclass
from atk_interp.reference.graph_nodes import Asks, OutputNode, PipelineGraph, PromptFile, StepNode
from atk_interp.spec import BUILT_IN_NAMES, Config, Output, Step
from atk_interp.templates import Prompt, PromptLibrary, used_names

__all__ = ["pipeline_graph"]


def pipeline_graph(linted: Linted, findings: str = "") -> PipelineGraph:
    """The graph of what was linted. Its analysis must be there, and may have errors."""
    analysis = linted.analysis
    assert analysis is not None
    slots = {slot: slot for slot in analysis.spec.models}
    return PipelineGraph(
        name=analysis.spec.name,
        description=analysis.spec.description,
        spec=analysis.spec.document.file.path,
        config=linted.config.document.file.path if linted.config is not None else None,
        steps=tuple(_Level(analysis, linted.config, slots).steps(analysis.graph.order)),
        outputs=tuple(_output(analysis, output) for output in analysis.spec.outputs.values()),
        findings=findings,
        checks={each.label: one_line(analysis.spec.document.get(each.path)) for each in analysis.spec.checks},
    )


@dataclass(frozen=True)
class _Level:
    """A pipeline whose steps are shown: the one that is asked for, or one that is a step of it.

    `prefix` stands before the names of its steps, `entry` are the steps whose rows its `input` step takes, and the rows
    of `source` go to the step that it is. `slots` has a slot of the outermost pipeline for each of its own.
    """

    analysis: Analysis
    config: Config | None
    slots: Mapping[str, str]
    prefix: str = ""
    entry: tuple[str, ...] = ()
    source: str = ""
    into: str | None = None
    """The source of it whose place the rows take, where that is not its `input`."""

    def steps(self, wanted: Iterable[str]) -> Iterator[StepNode]:
        """The steps of some names, in their order."""
        listed = tuple(wanted)
        graph = self.analysis.graph
        for name in listed:
            step = self.analysis.spec.steps[name]
            is_entry = self.prefix and (step.kind == "input" if self.into is None else name == self.into)
            inputs = self.entry if is_entry else self._full(step.inputs)
            beside = {key: self._full(names) for key, names in graph.sides.get(name, {}).items()}
            known = step.valid and name not in graph.broken
            yield self._step(step, self.analysis.views.get(name), inputs, beside, self._fed(name, listed), known)

    def _full(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.prefix + name for name in names)

    def _fed(self, name: str, listed: tuple[str, ...]) -> tuple[str, ...]:
        """The steps and outputs that take the rows of a step."""
        graph = self.analysis.graph
        taking = [
            step
            for step in listed
            if name in graph.inputs[step] or any(name in names for names in graph.sides.get(step, {}).values())
        ]
        if self.prefix:
            return (*self._full(taking), *([self.prefix[:-1]] if name == self.source else []))
        outputs = [output.name for output in self.analysis.spec.outputs.values() if output.source == name]
        return (*taking, *outputs)

    def _step(
        self,
        step: Step,
        view: StepView | None,
        inputs: tuple[str, ...],
        beside: Mapping[str, tuple[str, ...]],
        feeds: tuple[str, ...],
        known: bool,
    ) -> StepNode:
        name = self.prefix + step.name
        before, after = _passing(view)
        kind = KINDS.get(step.kind)
        steps = tuple(self._within(view, name, inputs)) if view is not None else ()
        written = {field for inner in steps for field in (*inner.adds, *inner.changes)}
        if view is not None and not (step.kind == "input" and inputs):
            written.update(view.written)
        changed = {
            field: (str(before[field]), str(type_))
            for field, type_ in after.fields.items()
            if field in before and (before[field] != type_ or field in written)
        }
        dropped = {field: type_ for field, type_ in before.items() if field not in after.fields and not after.open}
        return StepNode(
            name=name,
            kind=step.kind,
            rows=_rows(step, view, inputs),
            inputs=inputs,
            beside=beside,
            feeds=feeds,
            when=_text(view, "when") if step.has_when else None,
            remarks=kind.remarks(view) if kind is not None and view is not None else {},
            asks=self._asks(view) if view is not None else None,
            fields=_in_words(after.fields),
            more=after.open,
            adds=_in_words({field: type_ for field, type_ in after.fields.items() if field not in before}),
            changes=changed,
            drops=_in_words(dropped),
            known=known,
            steps=steps,
        )

    def _within(self, view: StepView, name: str, inputs: tuple[str, ...]) -> Iterator[StepNode]:
        """The steps within a step: those of a loop, or of another pipeline as far as its rows come out."""
        if isinstance(view.nested, NestedRows):
            inner: Any = view.nested.analysis
            slots = {own: self.slots.get(outer, outer) for own, outer in view.nested.slots.items()}
            wanted = inner.graph.leading_to(view.nested.source)
            level = _Level(inner, self.config, slots, f"{name}.", inputs, view.nested.source, view.nested.into)
            yield from level.steps(step for step in inner.graph.order if step in wanted)
            return
        body = _Level(self.analysis, self.config, self.slots, f"{name}.")
        names = body._full(inner.step.name for inner in view.inner)
        for index, inner in enumerate(view.inner):
            taken = (names[index - 1],) if index else (*inputs, names[-1])
            given = (names[index + 1],) if inner is not view.inner[-1] else (names[0], name)
            node = body._step(inner.step, inner, taken, {}, given, True)
            yield node if index else replace(node, remarks={"from": "of the round before", **node.remarks})

    def _asks(self, view: StepView) -> Asks | None:
        if view.step.kind not in KINDS or not KINDS[view.step.kind].asks_model or not view.used_slots:
            return None
        slots = [self.slots.get(named, named) for named in view.used_slots]
        models = self.config.models if self.config is not None else {}
        known = [models[slot].model or models[slot].provider for slot in slots if slot in models]
        names = {name for prompt in view.loaded.values() for name in prompt.names()}
        return Asks(
            slot=", ".join(slots),
            named=", ".join(view.used_slots),
            model=", ".join(dict.fromkeys(known)) or None,
            prompts=tuple(_prompt_file(prompt, self.analysis.library) for prompt in view.loaded.values()),
            reads=_read(view, names),
        )


def _passing(view: StepView | None) -> tuple[Mapping[str, Type], RecordType]:
    """The fields of the rows that reach a step, and of those that leave it."""
    if view is None or view.passing is None:
        return {}, RecordType({}, open=True)
    before, after = view.passing
    if view.step.kind == "input" and view.handed is not None:
        before = view.handed
    return before.fields, after


def _rows(step: Step, view: StepView | None, inputs: tuple[str, ...]) -> str:
    """How many rows a step makes of how many, as it is written; the `input` of a pipeline that is a step takes some."""
    if step.kind not in KINDS:
        return ""
    kind = KINDS[step.kind]
    if kind.single:
        return "one value"
    made: Cardinality = kind.makes(view) if view is not None else kind.cardinality
    if made in (Cardinality.SOURCE, Cardinality.SOURCE_OR_ONE):
        made = Cardinality.ONE if inputs else Cardinality.SOURCE
    if made is Cardinality.SOURCE_OR_MANY:
        return "n to n" if inputs else "source"
    words: str = made.value
    return words


def _prompt_file(prompt: Prompt, library: PromptLibrary) -> PromptFile:
    found = [PromptLibrary([folder]).find(prompt.name) for folder in library.folders]
    others = [path for path in found if path is not None][1:]
    return PromptFile(prompt.name, prompt.file.path, shown(others[0]) if others else None)


def _output(analysis: Analysis, output: Output) -> OutputNode:
    view = analysis.outputs[output.name]
    names: set[str] = set()
    for expression in view.expressions.values():
        names.update(expression.names)
    for template in view.templates.values():
        names |= used_names(template)
    for messages in view.message_lists.values():
        names |= messages.names()
    whole = not {"fields", "messages"} & output.options.keys()
    reads = _in_words(view.input.fields) if whole else _read(view, names)
    more = whole and view.input.open
    return OutputNode(output.name, output.format, output.source, _text(view, "where"), reads, more)


def _read(view: StepView, names: Set[str]) -> dict[str, str]:
    """The fields among names; a name that may be one is `any` where not all fields are known."""
    fields = {name: type_ for name, type_ in view.input.fields.items() if name in names}
    others = names - fields.keys() - view.spec.params.keys() - view.constants.keys() - {*BUILT_IN_NAMES, *view.locals}
    return _in_words({**fields, **dict.fromkeys(sorted(others) if view.input.open else (), ANY)})


def _text(view: StepView | None, option: str) -> str | None:
    """An expression as it is written, on one line."""
    value = view.document.get(view.path(option)) if view is not None else None
    return None if value is None else one_line(value)


def _in_words(fields: Mapping[str, Type]) -> dict[str, str]:
    return {name: str(type_) for name, type_ in fields.items()}
