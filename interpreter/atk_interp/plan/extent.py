"""How much of a pipeline is run: the steps up to one of them, or so many rows for a trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from atk_interp.formats.writers import RecordError
from atk_interp.kinds.base import Beside, Dropped, SetContext, SetStep
from atk_interp.plan.goals import without_goals
from atk_interp.plan.model import Loop, Plan, PlannedOutput, PlannedStep
from atk_interp.values import Row, encode

__all__ = ["leading_to", "limited", "rows_of", "up_to"]


def leading_to(plan: Plan, step: str) -> Plan:
    """The part of a plan that decides what a step gets: the steps before it, and whole loops."""
    kept: set[str] = set()
    waiting = [step]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept.add(name)
        known = plan.steps[name]
        waiting += known.upstream
        waiting += [inner.name for inner in plan.steps.values() if inner.inside == name]
        waiting += [known.passed_by] if known.passed_by else []
    steps = {name: known for name, known in without_goals(plan.steps, kept).items() if name in kept}
    return replace(plan, steps=steps, outputs={})


def up_to(plan: Plan, name: str) -> Plan:
    """The plan up to and with a step, whose rows become the output `NAME.rows.jsonl`.

    Outputs of the steps before it stay. A step in a loop takes the whole loop with it: its rows are those of every
    round. Raises `KeyError` for an unknown step.
    """
    step = plan.steps[name]
    kept: set[str] = set()
    waiting = [step.name]
    while waiting:
        known = plan.steps[waiting.pop()]
        if known.name not in kept:
            kept.add(known.name)
            waiting += [*known.upstream, *(inner.name for inner in plan.steps.values() if inner.inside == known.name)]
    # Rows that pass another pipeline by leave it at its end, which stands here without the way to it.
    ends = {plan.steps[entry].passed_by for entry in kept} - {"", *kept}
    steps: dict[str, PlannedStep] = {}
    for known in without_goals(plan.steps, kept).values():
        if known.name in kept:
            steps[known.name] = known
        elif known.name in ends:
            steps[known.name] = replace(known, inputs=())
    outputs = {
        output.name: output
        for output in plan.outputs.values()
        if {output.source, output.reached or output.source, *output.asked} <= kept
    }
    outputs[rows_of(name)] = PlannedOutput(rows_of(name), name, "jsonl", _record)
    return replace(plan, steps=steps, outputs=outputs, extent=replace(plan.extent, until=name))


def rows_of(step: str) -> str:
    """The file that holds the rows of the last step of a run that does not go to the end."""
    return f"{step}.rows.jsonl"


def _record(row: Row) -> bytes:
    try:
        return encode(row.fields) + b"\n"
    except TypeError as error:
        raise RecordError(str(error)) from error


def limited(plan: Plan, count: int) -> Plan:
    """The plan of a trial: of the rows that come to a first step that asks a model only so many go on.

    They are the first in their order, so that what is paid for them is what the whole run would pay. The steps that
    leave the others out stand in the plan as steps of their own.
    """
    steps: dict[str, PlannedStep] = {}
    for step in without_goals(plan.steps).values():
        if not _is_first(plan, step):
            steps[step.name] = step
            continue
        limit = _limit(step, count)
        steps[limit.name] = limit
        steps[step.name] = replace(step, inputs=(limit.name,))
    return replace(plan, steps=_deepened(steps), extent=replace(plan.extent, limit=count))


def _limit(step: PlannedStep, count: int) -> PlannedStep:
    label = f"beyond the {count} rows of a trial run" if count != 1 else "beyond the one row of a trial run"

    def apply(rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped | Beside]:
        yield from islice(rows, count)
        beyond = sum(1 for _ in rows)
        if beyond:
            yield Beside(0, beyond, label)

    runner = SetStep(apply, expects=lambda rows: min(rows, count))
    return PlannedStep(f"limit before {step.name}", "limit", step.inputs, runner, step.names)


def _is_first(plan: Plan, step: PlannedStep) -> bool:
    """Whether a step asks a model, and the rows that come to it have not been through one that does."""
    if step.inside or not step.inputs or not _asks(plan, step):
        return False
    seen: set[str] = set()
    waiting = [*step.sources]
    while waiting:
        before = plan.steps[waiting.pop()]
        if before.name in seen:
            continue
        seen.add(before.name)
        if _asks(plan, before):
            return False
        around = (before.inside,) if before.inside else ()
        waiting += [*before.sources, *([before.passes] if before.passes else []), *around]
    return True


def _asks(plan: Plan, step: PlannedStep) -> bool:
    """Whether a step asks a model about every row, itself or by a step within it."""
    if isinstance(step.runner, Loop):
        return any(inner.inside == step.name and _asks(plan, inner) for inner in plan.steps.values())
    return step.slot is not None and not step.single


def _deepened(steps: Mapping[str, PlannedStep]) -> dict[str, PlannedStep]:
    """The steps with their distances from a source, which new ones among them have changed."""
    found: dict[str, PlannedStep] = {}
    for name, step in steps.items():
        depth = 1 + max((found[before].depth for before in step.upstream if before in found), default=-1)
        found[name] = replace(step, depth=depth)
    return found
