"""Sources that give rows until enough of them have come through: what they count, and how many they give at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from math import ceil

from atk_interp.formats.writers import RecordError
from atk_interp.kinds.base import Dropped, SetStep, SourceStep, StepContext, StepStopped
from atk_interp.kinds.base.goals import Wanted
from atk_interp.plan.model import Goal, PlannedOutput, PlannedStep
from atk_interp.values import Row

__all__ = ["Goal", "batch", "planned_goal", "without_goals"]

_FEWEST = 20
_FIRST_SHARE = 10
_MOST_TIMES = 4


def batch(goal: Goal, given: int, accepted: int) -> int:
    """How many rows a source gives next, when so many of those that it has given were accepted; 0 when that is enough.

    First some, to see how many of them come through; then as many as it takes if the others fare like these, but no
    leap beyond what is known of them.
    """
    if accepted >= goal.rows:
        return 0
    if not given:
        return min(goal.rows, max(_FEWEST, ceil(goal.rows / _FIRST_SHARE)))
    most = _MOST_TIMES * given
    return min(most, ceil((goal.rows - accepted) * given / accepted)) if accepted else given


def planned_goal(
    name: str, wanted: Wanted, prefix: str, steps: Mapping[str, PlannedStep], outputs: Mapping[str, PlannedOutput]
) -> Goal:
    """What the source `name` counts. `outputs` are those of its pipeline; `steps` are all that there are.

    Raises `StepStopped` where that is not clear, and where rows cannot be counted while the source still gives some.
    """
    if wanted.of:
        goal = Goal(wanted.rows, prefix + wanted.of, _every)
    else:
        output = _only_output(name, steps, outputs)
        goal = Goal(wanted.rows, _before_limits(output.source, steps), _written(output))
    _check_way(name, goal.step, steps)
    return goal


def _every(row: Row) -> bool:
    return True


def _written(output: PlannedOutput) -> Callable[[Row], bool]:
    def accepts(row: Row) -> bool:
        try:
            return output.record(row) is not None
        except RecordError:
            return False

    return accepts


def _only_output(name: str, steps: Mapping[str, PlannedStep], outputs: Mapping[str, PlannedOutput]) -> PlannedOutput:
    found = [output for output in outputs.values() if name in _before(output.source, steps)]
    if len(found) == 1:
        return found[0]
    told = (
        f"the rows of step `{name}` go into {len(found)} outputs" if found else f"no output has rows of step `{name}`"
    )
    raise StepStopped(f"{told}, so it is not clear what `until` counts", "write `until: 1000 of STEP`")


def _before_limits(name: str, steps: Mapping[str, PlannedStep]) -> str:
    """The step whose rows are counted for an output of the rows of a step: the one before the `limit` that cuts them.

    What enters a `limit` is enough when it is as many rows as are wanted; what leaves it is known only at the end.
    """
    step = steps[name]
    while step.kind == "limit" and isinstance(step.runner, SetStep) and step.when is None and len(step.inputs) == 1:
        step = steps[step.inputs[0]]
    return step.name


def _before(name: str, steps: Mapping[str, PlannedStep]) -> set[str]:
    """A step and those that its rows come from."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += steps[step].upstream
    return found


def _check_way(name: str, counted: str, steps: Mapping[str, PlannedStep]) -> None:
    """Raise `StepStopped` when rows on their way from a source to the step that is counted must wait for all others."""
    before = _before(counted, steps)
    if name not in before or name == counted:
        told = f"no row of step `{name}` comes to step `{counted}`, so its `until` would never be fulfilled"
        raise StepStopped(told, "name a step that comes after it")
    for step in (steps[other] for other in before):
        if step.name == name:
            continue
        if isinstance(step.runner, SourceStep):
            told = f"step `{counted}` has rows of step `{step.name}` as well"
            help_ = "name a step that has rows of this source alone"
            raise StepStopped(f"{told}, so `until` of step `{name}` cannot count them", help_)
        if (isinstance(step.runner, SetStep) or step.waits) and name in _before(step.name, steps):
            told = (
                f"step `{step.name}` waits for all rows, so those of step `{counted}` cannot be counted before the end"
            )
            raise StepStopped(told, f"let `until` of step `{name}` count those of a step in front of it")


def without_goals(steps: Mapping[str, PlannedStep], kept: Collection[str] = ()) -> dict[str, PlannedStep]:
    """The steps, of which sources that count rows of others than `kept` give their first rows and no more."""
    return {
        name: replace(step, runner=_first_rows(step.runner, batch(step.goal, 0, 0)), goal=None)
        if step.goal is not None and step.goal.step not in kept and isinstance(step.runner, SourceStep)
        else step
        for name, step in steps.items()
    }


def _first_rows(source: SourceStep, count: int) -> SourceStep:
    def rows(context: StepContext) -> Iterator[Row | Dropped]:
        return islice(source.rows(context), count)

    return SourceStep(rows, source.reads, source.check)
