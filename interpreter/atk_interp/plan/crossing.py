"""How rows come into a pipeline that is a step, and out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from atk_interp.kinds.base import BoundStep, Dropped, PureStep, RowFailed, rejecting
from atk_interp.kinds.base.handing import misfit
from atk_interp.kinds.base.nested import Inlined
from atk_interp.plan.identity import digest, step_identity
from atk_interp.plan.model import PlannedStep
from atk_interp.plan.scope import Entry, Scope
from atk_interp.values import Row, Value

__all__ = ["entering", "identity_of_end", "leaving"]


def entering(scope: Scope, step: BoundStep, entry: Entry) -> PlannedStep:
    """The step at which rows come into a pipeline that is a step, with the fields that it declares."""
    fields = scope.analysis.fields[step.view.step.name]
    told = not fields.open if entry.into is not None else step.view.given("fields")
    declared = fields.fields if told else None
    takes = entry.variant.takes
    where = entry.step.view.expressions.get(entry.step.view.path("where"))

    def cut(row: Row) -> tuple[Row] | Dropped:
        if takes is not None and where is not None and not takes(row):
            return Dropped(row, "filtered", f"where: {where.text.value.strip()}")
        if declared is None:
            return (row,)
        wrong = misfit(declared, row.fields)
        if wrong is not None:
            return Dropped(row, "rejected", wrong)
        return (row.replaced({name: row.fields[name] for name in declared if name in row.fields}),)

    return PlannedStep(
        name=step.name,
        kind=step.view.step.kind,
        inputs=entry.inputs,
        runner=rejecting(PureStep(cut)),
        takes=partial(_comes_in, takes, entry.others) if takes is not None else None,
        names=entry.step.names,
        when=entry.when,
        uses=entry.uses,
        learn=entry.learn,
        passed_by=entry.passed_by if entry.when is not None else "",
        identity=lambda: digest(
            "atk-entry-v1",
            [
                step_identity(step),
                step_identity(entry.step, ["when", "where"]),
                dict(entry.variant.chosen) if takes is not None else {},
            ],
        ),
    )


def _comes_in(takes: Callable[[Row], Any], others: Sequence[Callable[[Row], Any]] | None, row: Row) -> bool:
    """Whether a row comes in for a combination. To the first one comes what none takes, and is lost there."""
    try:
        if takes(row):
            return True
    except RowFailed:
        return others is not None
    return others is not None and not any(_holds(other, row) for other in others)


def _holds(takes: Callable[[Row], Any], row: Row) -> bool:
    try:
        return bool(takes(row))
    except RowFailed:
        return False


def identity_of_end(scope: Scope, made: Inlined, chosen: Mapping[str, Value], name: str) -> str:
    """What `leaving` makes is made of."""
    where = "" if made.output is None else step_identity(scope.bound(scope.analysis.outputs[made.output]), ["where"])
    return digest("atk-end-v1", [name, where, dict(chosen)])


def leaving(scope: Scope, made: Inlined, chosen: Mapping[str, Value]) -> PureStep:
    """What comes out of a pipeline that is a step, with the values of its `matrix` as fields."""
    where = None
    label = ""
    if made.output is not None:
        output = scope.bound(scope.analysis.outputs[made.output])
        path = output.view.path("where")
        if path in output.view.expressions:
            where, names = output.rule(path), output.names
            label = f"where: {output.view.expressions[path].text.value.strip()}"

    def leave(row: Row) -> tuple[Row] | Dropped:
        if where is not None and not where(names(row)):
            return Dropped(row, "filtered", label)
        return (row.replaced({**row.fields, **chosen}) if chosen else row,)

    return PureStep(leave)
