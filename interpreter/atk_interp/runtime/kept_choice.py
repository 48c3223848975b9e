"""Which steps of a plan need not run, since what they gave is kept: the plan that is left to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace

from atk_interp.formats.packing import suffix_of
from atk_interp.kinds.base import CallStep, SetStep, SourceStep, StepContext
from atk_interp.plan import Loop, Plan, PlannedStep, on_the_way
from atk_interp.records import dataclass
from atk_interp.values import Row

__all__ = ["Choice", "chosen", "is_worth_keeping", "plan_left"]

_QUICKLY_READ = frozenset({".txt", ".md", ".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow"})


@dataclass(frozen=True)
class Choice:
    """Steps that need not run: from `giving` ones the kept rows go on, of `covered` ones nothing is needed at all."""

    giving: frozenset[str] = field(default_factory=frozenset)
    covered: frozenset[str] = field(default_factory=frozenset)

    @property
    def steps(self) -> frozenset[str]:
        return self.giving | self.covered


def is_worth_keeping(plan: Plan, step: PlannedStep) -> bool:
    """Whether the rows that leave a step are kept: when to make them again takes calls, or reading of documents."""
    if step.inside:
        return False
    match step.runner:
        case CallStep():
            return True
        case SetStep():
            return step.slot is not None
        case Loop():
            return any(isinstance(inner.runner, CallStep) for inner in _within(plan, step.name))
        case SourceStep(reads=reads) if reads is not None:
            return any(suffix_of(path) not in _QUICKLY_READ for path in reads())
    return False


def chosen(plan: Plan, kept: Mapping[str, bool]) -> Choice:
    """What need not run, as deep as can be. `kept` has the steps that are kept, and whether with their rows."""
    giving: set[str] = set()
    covered: set[str] = set()
    wanted = {output.source for output in plan.outputs.values()}
    """Steps whose rows are wanted by what runs; what a step of the order wants is known before it is looked at."""
    followed = {
        name
        for output in plan.outputs.values()
        if output.call is not None
        for name in (*output.asked, *(on_the_way(plan, output.asked, output.reached) if output.reached else ()))
    }
    followed |= {output.source for output in plan.outputs.values() if output.learned}
    """Steps whose calls, and what becomes of the rows, or what was learned of them, are wanted: none of it is kept."""
    for name, step in reversed(list(plan.steps.items())):
        if step.inside:
            continue
        inner = [body.name for body in _within(plan, name)]
        spared = name in kept and followed.isdisjoint([name, *inner]) and all(body in kept for body in inner)
        if spared and name in wanted and kept[name]:
            giving.add(name)
        elif spared and name not in wanted:
            covered.add(name)
        else:
            wanted.update(step.sources, step.uses, (step.passes,) if step.passes else ())
            continue
        covered.update(inner)
    return Choice(frozenset(giving), frozenset(covered))


def plan_left(plan: Plan, choice: Choice, rows: Mapping[str, Callable[[], Iterator[Row]]]) -> Plan:
    """The plan without what need not run; giving steps are sources of their kept rows."""
    steps: dict[str, PlannedStep] = {}
    for name, step in plan.steps.items():
        if name in choice.giving:
            steps[name] = _giving(step, rows[name])
        elif name not in choice.covered:
            steps[name] = step
    return replace(plan, steps=steps)


def _giving(step: PlannedStep, rows: Callable[[], Iterator[Row]]) -> PlannedStep:
    def given(context: StepContext) -> Iterator[Row]:
        return rows()

    # `single` stays: what leaves a `once` step is the value that others use.
    return PlannedStep(
        step.name, step.kind, (), SourceStep(given), step.names, depth=step.depth, single=step.single, slots=step.slots
    )


def _within(plan: Plan, loop: str) -> Iterator[PlannedStep]:
    """The steps of a loop, and of the loops in it."""
    for step in plan.steps.values():
        if step.inside == loop:
            yield step
            yield from _within(plan, step.name)
