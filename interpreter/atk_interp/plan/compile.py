"""From an analysed spec and the values of a run to a `Plan`.

Pipelines within it and the steps of loops become steps of the same plan, named after the step that they are part of:
`facts.passages` is step `passages` of the pipeline that step `facts` uses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from atk_interp.flow import Analysis
from atk_interp.foreign import REFUSED_HELP, is_refused
from atk_interp.kinds.base import StepStopped
from atk_interp.plan.checks import planned_checks
from atk_interp.plan.model import Plan
from atk_interp.plan.scope import Scope
from atk_interp.plan.steps import Steps
from atk_interp.spec import EndpointConfig
from atk_interp.values import Value, content_hash

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
    scope = Scope(analysis, params, endpoints, {slot: slot for slot in endpoints}, seed, handed)
    steps = Steps()
    steps.add(scope, set(analysis.spec.steps))
    outputs = scope.outputs(steps.planned)
    steps.set_goals(outputs)
    _refuse_python(steps.python)
    for view in analysis.outputs.values():
        steps.note_prompts(view)
    return Plan(
        analysis.spec,
        steps.planned,
        outputs,
        params,
        endpoints,
        seed,
        dict(sorted(steps.prompts.items())),
        dict(sorted(steps.specs.items())),
        dict(sorted(steps.python.items())),
        content_hash("atk-handed-v1", handed) if handed is not None else "",
        checks=[*planned_checks(analysis, params, seed), *steps.checks],
    )


def _refuse_python(used: Collection[str]) -> None:
    """Raise `StepStopped` when steps need Python and it is refused, naming all of them."""
    if used and is_refused():
        listed = ", ".join(f"`{name}` (`{function}`)" for name, function in (each.split(": ", 1) for each in used))
        raise StepStopped(f"Python is refused, and is needed by {listed}", REFUSED_HELP)
