"""From an analysed spec and the values of a run to a `Plan`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from atk_interp.flow import Analysis
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.formats.writers.base import RecordError
from atk_interp.graph import Graph
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import BoundStep, RowFailed, StepView, draw_sites, rejecting
from atk_interp.plan.model import Plan, PlannedOutput, PlannedStep
from atk_interp.spec import EndpointConfig, Takes
from atk_interp.values import Row, Value

__all__ = ["compile_plan"]


def compile_plan(
    analysis: Analysis,
    params: Mapping[str, Value],
    endpoints: Mapping[str, EndpointConfig],
    *,
    seed: int = 0,
    rows: Sequence[Mapping[str, Value]] | None = None,
) -> Plan:
    """The plan of a run. The analysis must be free of errors; every parameter and slot must have a value.

    `rows` are for an `input` step. Raises `StepStopped` when a value makes a step impossible.
    """
    handed = None if rows is None else [dict(row) for row in rows]

    in_file_order = (analysis.views[name] for name in analysis.spec.steps)
    sites = draw_sites([*in_file_order, *analysis.outputs.values()])

    def bound(view: StepView) -> BoundStep:
        return BoundStep(view, params, seed, endpoints, analysis.folder, handed, sites)

    steps: dict[str, PlannedStep] = {}
    for name in analysis.graph.order:
        steps[name] = _step(bound(analysis.views[name]), analysis.graph, steps)
    outputs = {name: _output(name, bound(view), analysis) for name, view in analysis.outputs.items()}
    return Plan(analysis.spec, steps, outputs, params, endpoints, seed, _prompt_hashes(analysis))


def _step(step: BoundStep, graph: Graph, before: Mapping[str, PlannedStep]) -> PlannedStep:
    view = step.view
    kind = KINDS[view.step.kind]
    when_path = view.step.option_path("when")
    inputs, sides = graph.inputs[step.name], graph.sides[step.name]
    others = {key: names for key, names in sides.items() if key != "use"}
    named = (*inputs, *(name for names in sides.values() for name in names))
    return PlannedStep(
        name=step.name,
        kind=kind.name,
        inputs=inputs,
        runner=rejecting(kind.bind(step)),
        names=step.names,
        when=step.rule(when_path) if when_path in view.expressions else None,
        slot=view.option("model") if kind.asks_model else None,
        depth=1 + max((before[name].depth for name in named), default=-1),
        others=others,
        uses=sides.get("use", ()),
        learn=step.learn,
        single=kind.single,
    )


def _output(name: str, step: BoundStep, analysis: Analysis) -> PlannedOutput:
    view = step.view
    output = analysis.spec.outputs[name]
    where_path = view.path("where")
    where = step.rule(where_path) if where_path in view.expressions else None
    shape = _shape(step)
    write = OUTPUTS[output.format].writer.record

    def record(row: Row) -> bytes | None:
        names = step.names(row)
        try:
            return write(shape(row, names)) if where is None or where(names) else None
        except RowFailed as error:
            raise RecordError(str(error)) from error

    return PlannedOutput(name, output.source, output.format, record)


def _shape(step: BoundStep) -> Callable[[Row, Mapping[str, Any]], Any]:
    """What the writer of the format is handed: messages, chosen fields, or the whole row."""
    view = step.view
    if view.path("messages") in view.message_lists:
        messages = view.message_lists[view.path("messages")]
        render = step.rendering(messages.renderer(), "messages", messages.names())
        return lambda row, names: render(names)
    fields = next((option.name for option in view.options if option.takes is Takes.FIELDS), None)
    if fields is not None and view.given(fields):
        closures = {name: step.content((*view.path(fields), name)) for name in view.option(fields)}
        return lambda row, names: {name: closure(names) for name, closure in closures.items()}
    return lambda row, names: row.fields


def _prompt_hashes(analysis: Analysis) -> dict[str, str]:
    prompts = (prompt for view in analysis.views.values() for prompt in view.loaded.values())
    files = {path: text for prompt in prompts for path, text in prompt.files.items()}
    return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sorted(files.items())}
