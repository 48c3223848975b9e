"""The checks of a plan: those of its spec, and those of the pipelines that are steps of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from atk_interp.expressions import compile_expression
from atk_interp.expressions.counts import Counted
from atk_interp.flow import Analysis
from atk_interp.records import dataclass
from atk_interp.values import Value

__all__ = ["PlannedCheck", "planned_checks", "within"]


@dataclass(frozen=True)
class PlannedCheck:
    """What must hold at the end of a run.

    `counts` are what it asks for, by the name that stands for each in the expression; a count of the whole run is "of"
    what stands before the names of its steps (`facts.`, or nothing). `holds` takes the value of each name, and raises
    `EvaluationError` where the check cannot be made.
    """

    label: str
    text: str
    counts: Mapping[str, Counted]
    holds: Callable[[Mapping[str, Any]], Any]


def planned_checks(analysis: Analysis, params: Mapping[str, Value], seed: int) -> Iterator[PlannedCheck]:
    """The checks of a spec, over its own steps and outputs."""
    for view in analysis.checks:
        holds = partial(_holds, compile_expression(view.expression), {**params, "seed": seed})
        yield PlannedCheck(view.check.label, " ".join(view.expression.text.value.split()), view.counts, holds)


def _holds(closure: Callable[[Mapping[str, Any]], Any], given: Mapping[str, Any], counts: Mapping[str, Any]) -> Any:
    return closure({**given, **counts})


def within(
    check: PlannedCheck, step: str, is_planned: Callable[[str], bool], output: str | None
) -> PlannedCheck | None:
    """A check of the pipeline that is a step, over the steps of the plan; None when it names what is not run.

    `output` is the one whose rows come out of the step: for the check, the step stands for it.
    """
    counts: dict[str, Counted] = {}
    for name, counted in check.counts.items():
        of = step if counted.of and counted.of == output else f"{step}.{counted.of}"
        if counted.of and not is_planned(of):
            return None
        counts[name] = replace(counted, of=of)
    return replace(check, label=f"{step}: {check.label}", counts=counts)
