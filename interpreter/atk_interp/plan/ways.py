"""The ways that rows take through a plan: which step a row that leaves another one comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atk_interp.plan.model import Loop, Plan, PlannedStep
from atk_interp.records import dataclass

__all__ = ["Coming", "coming", "has_several_ways_in", "on_the_way"]


@dataclass(frozen=True, slots=True)
class Coming:
    """Where the rows of a step come from: they have left the step `name`, or, when `entered`, have come into it.

    A row that comes into a step with several inputs has an id of its own there.
    """

    name: str
    entered: bool = False


def has_several_ways_in(step: PlannedStep) -> bool:
    """Whether rows of different steps come into it, and get ids there by which way they came."""
    return len(step.inputs) > 1 or bool(step.passes)


def coming(plan: Plan, step: PlannedStep) -> Iterator[Coming]:
    """Where the rows that leave a step come from, by way of `from`: the rounds of a loop, and ways past a pipeline."""
    if isinstance(step.runner, Loop):
        yield Coming(step.runner.last)
    yield from _entering(plan, step)


def _entering(plan: Plan, step: PlannedStep) -> Iterator[Coming]:
    if has_several_ways_in(step):
        yield Coming(step.name, entered=True)
    elif step.inputs:
        yield Coming(step.inputs[0])
    elif step.inside:  # the first step of a loop
        yield from _entering(plan, plan.steps[step.inside])
    if step.passes:
        yield from _entering(plan, plan.steps[step.passes])


def on_the_way(plan: Plan, firsts: Iterable[str], last: str) -> set[str]:
    """The steps through which rows of some steps come to another one, with both; none when there is no way."""
    before: dict[str, set[str]] = {}
    waiting = [last]
    while waiting:
        name = waiting.pop()
        if name in before:
            continue
        step = plan.steps[name]
        found = {
            source
            for each in coming(plan, step)
            for source in (plan.steps[each.name].inputs if each.entered else (each.name,))
        }
        before[name] = found
        waiting += found
    after: dict[str, set[str]] = {}
    for name, sources in before.items():
        for source in sources:
            after.setdefault(source, set()).add(name)
    reached: set[str] = set()
    waiting = [name for name in firsts if name in before]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += after.get(name, ())
    return reached
