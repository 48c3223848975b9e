"""The graph of one pipeline as data: steps in the order in which they run, with the fields on every edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from atk_interp.document import shown
from atk_interp.expressions.types import ANY, RecordType, Type
from atk_interp.flow import Analysis
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import StepView
from atk_interp.lint import Linted
from atk_interp.records import dataclass
from atk_interp.spec import BUILT_IN_NAMES, Config, Output, Step
from atk_interp.templates import Prompt, PromptLibrary, used_names
from atk_interp.values import encode

__all__ = ["Asks", "OutputNode", "PipelineGraph", "StepNode", "as_json", "pipeline_graph"]

VERSION = 1
"""Of the JSON. Raised when a field changes its meaning or goes; new fields do not raise it."""

Fields = Mapping[str, str]
"""Fields with their types in words."""


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt and the file it comes from. `overrides` is the file that it is used instead of, if any."""

    name: str
    file: str
    overrides: str | None


@dataclass(frozen=True, slots=True)
class Asks:
    """What a step asks: a model slot, the model behind it where a config says so, the prompts, the fields they read."""

    slot: str
    model: str | None
    prompts: tuple[PromptFile, ...]
    reads: Fields


@dataclass(frozen=True, slots=True)
class StepNode:
    """One step. `fields` are those of the rows that leave it; `more` is whether the rows may have others too.

    `adds`, `changes` (from, to) and `drops` compare them with those that reach it. `known` is false for a step that
    is malformed, stands in a cycle or lacks an input. `inputs` are as written, also where there is no such step;
    `beside` are steps that it names elsewhere than under `from`. `rows` is empty for a kind that there is not.
    """

    name: str
    kind: str
    rows: str
    inputs: tuple[str, ...]
    beside: Mapping[str, tuple[str, ...]]
    feeds: tuple[str, ...]
    when: str | None
    asks: Asks | None
    fields: Fields
    more: bool
    adds: Fields
    changes: Mapping[str, tuple[str, str]]
    drops: Fields
    known: bool

    @property
    def keeps(self) -> dict[str, str]:
        """The fields that pass the step as they are."""
        return {
            name: type_ for name, type_ in self.fields.items() if name not in self.adds and name not in self.changes
        }


@dataclass(frozen=True, slots=True)
class OutputNode:
    """One output with the fields that it reads; `more` is whether its rows may have others, and it takes them all."""

    name: str
    format: str
    source: str
    where: str | None
    reads: Fields
    more: bool


@dataclass(frozen=True, slots=True)
class PipelineGraph:
    """A pipeline. `findings` tells in words what is wrong with it; what is not known for that reason is `any`."""

    name: str
    description: str
    spec: str
    config: str | None
    steps: tuple[StepNode, ...]
    outputs: tuple[OutputNode, ...]
    findings: str


def pipeline_graph(linted: Linted, findings: str = "") -> PipelineGraph:
    """The graph of what was linted. Its analysis must be there, and may have errors."""
    analysis = linted.analysis
    assert analysis is not None
    return PipelineGraph(
        name=analysis.spec.name,
        description=analysis.spec.description,
        spec=analysis.spec.document.file.path,
        config=linted.config.document.file.path if linted.config is not None else None,
        steps=tuple(_step(analysis, analysis.spec.steps[name], linted.config) for name in analysis.graph.order),
        outputs=tuple(_output(analysis, output) for output in analysis.spec.outputs.values()),
        findings=findings,
    )


def _step(analysis: Analysis, step: Step, config: Config | None) -> StepNode:
    view = analysis.views.get(step.name)
    before = view.input.fields if view is not None else {}
    record = analysis.fields.get(step.name, RecordType({}, open=True))
    after = record.fields
    changed = {
        name: (str(before[name]), str(type_))
        for name, type_ in after.items()
        if name in before and before[name] != type_
    }
    return StepNode(
        name=step.name,
        kind=step.kind,
        rows=KINDS[step.kind].cardinality.value if step.kind in KINDS else "",
        inputs=step.inputs,
        beside=dict(analysis.graph.sides.get(step.name, {})),
        feeds=tuple(_fed(analysis, step.name)),
        when=_text(view, "when") if step.has_when else None,
        asks=_asks(analysis, view, config) if view is not None else None,
        fields=_in_words(after),
        more=record.open,
        adds=_in_words({name: type_ for name, type_ in after.items() if name not in before}),
        changes=changed,
        drops=_in_words({name: type_ for name, type_ in before.items() if name not in after and not record.open}),
        known=view is not None and step.name not in analysis.graph.broken,
    )


def _fed(analysis: Analysis, name: str) -> Iterator[str]:
    """The steps and outputs that take the rows of a step."""
    for step in analysis.graph.order:
        beside = analysis.graph.sides.get(step, {}).values()
        if name in analysis.graph.inputs[step] or any(name in names for names in beside):
            yield step
    yield from (output.name for output in analysis.spec.outputs.values() if output.source == name)


def _asks(analysis: Analysis, view: StepView, config: Config | None) -> Asks | None:
    if view.step.kind not in KINDS or not KINDS[view.step.kind].asks_model:
        return None
    slot = view.option("model") if any(option.name == "model" for option in view.options) else None
    endpoint = config.models.get(slot) if config is not None and isinstance(slot, str) else None
    names = {name for prompt in view.loaded.values() for name in prompt.names()}
    return Asks(
        slot=slot if isinstance(slot, str) else "",
        model=(endpoint.model or endpoint.provider) if endpoint is not None else None,
        prompts=tuple(_prompt_file(prompt, analysis.library) for prompt in view.loaded.values()),
        reads=_read(view, names),
    )


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
    others = names - fields.keys() - view.spec.params.keys() - view.constants.keys() - set(BUILT_IN_NAMES)
    return _in_words({**fields, **dict.fromkeys(sorted(others) if view.input.open else (), ANY)})


def _text(view: StepView | None, option: str) -> str | None:
    """An expression as it is written, on one line."""
    value = view.document.get(view.path(option)) if view is not None else None
    return None if value is None else " ".join(str(value).split())


def _in_words(fields: Mapping[str, Type]) -> dict[str, str]:
    return {name: str(type_) for name, type_ in fields.items()}


def as_json(graph: PipelineGraph, only: Sequence[str] = ()) -> str:
    """The graph for programs: `{"version": 1, "steps": [...], "outputs": [...], ...}`; of some steps only, if named."""
    steps = [_step_as_json(step) for step in graph.steps if not only or step.name in only]
    outputs: list[dict[str, Any]] = [
        {
            "name": out.name,
            "format": out.format,
            "from": out.source,
            "where": out.where,
            "reads": dict(out.reads),
            "more_fields": out.more,
        }
        for out in graph.outputs
        if not only
    ]
    head = {"version": VERSION, "name": graph.name, "description": graph.description, "spec": graph.spec}
    tail = {"config": graph.config, "findings": graph.findings}
    return encode({**head, **tail, "steps": steps, "outputs": outputs}).decode()


def _step_as_json(step: StepNode) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "rows": step.rows,
        "from": list(step.inputs),
        "beside": {key: list(names) for key, names in step.beside.items()},
        "to": list(step.feeds),
        "when": step.when,
        "asks": _asks_as_json(step.asks) if step.asks is not None else None,
        "known": step.known,
        "fields": dict(step.fields),
        "more_fields": step.more,
        "adds": list(step.adds),
        "changes": {name: {"from": old, "to": new} for name, (old, new) in step.changes.items()},
        "drops": dict(step.drops),
    }


def _asks_as_json(asks: Asks) -> dict[str, Any]:
    prompts = [{"name": prompt.name, "file": prompt.file, "overrides": prompt.overrides} for prompt in asks.prompts]
    return {"slot": asks.slot, "model": asks.model, "prompts": prompts, "reads": dict(asks.reads)}
