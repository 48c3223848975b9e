"""A pipeline with its values while a plan is made, and where its steps stand in the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from atk_interp.flow import Analysis
from atk_interp.kinds.base import BoundStep, Closure, StepView, draw_sites
from atk_interp.kinds.base.nested import Variant
from atk_interp.plan.model import PlannedOutput, PlannedStep
from atk_interp.plan.outputs import planned_output
from atk_interp.records import dataclass
from atk_interp.spec import EndpointConfig
from atk_interp.values import Row, Value

__all__ = ["Entry", "Place", "Scope"]


@dataclass(frozen=True)
class Entry:
    """How rows come into a pipeline that is a step: from where, which of them, and where the others go."""

    inputs: tuple[str, ...]
    step: BoundStep
    when: Closure | None
    passed_by: str
    uses: tuple[str, ...]
    learn: Callable[[str, Mapping[str, Value]], None]
    into: str | None
    """The source whose place the rows take; the `input` when not given."""
    variant: Variant
    others: Sequence[Callable[[Row], Any]] | None
    """Which rows the other combinations take, for the first of them: at this one those are lost that none takes."""

    def is_at(self, view: StepView) -> bool:
        """Whether the rows come in at a step."""
        return view.step.kind == "input" if self.into is None else view.step.name == self.into


@dataclass(frozen=True)
class Scope:
    """One pipeline with its values. `slots` are the slots of the run that answer for its own.

    `repeat` is how often it was used with the same values before.
    """

    analysis: Analysis
    params: Mapping[str, Value]
    endpoints: Mapping[str, EndpointConfig]
    slots: Mapping[str, str]
    seed: int
    rows: list[dict[str, Value]] | None = None
    prefix: str = ""
    entry: Entry | None = None
    repeat: int = 0
    sites: dict[tuple[str | int, ...], str] = field(default_factory=dict)

    def bound(self, view: StepView, rounds: int = 0, within: str = "") -> BoundStep:
        if not self.sites:
            self.sites.update(draw_sites([*self.analysis.in_file_order(), *self.analysis.outputs.values()]))
        return BoundStep(
            view,
            self.params,
            self.seed,
            self.endpoints,
            self.analysis.folder,
            self.rows,
            self.sites,
            within or self.prefix,
            self.repeat,
            rounds,
        )

    def outputs(self, known: Mapping[str, PlannedStep]) -> dict[str, PlannedOutput]:
        """The outputs of the pipeline that have rows of `known` steps; as a step of another one it writes none."""
        return {
            name: planned_output(
                self.bound(view), self.analysis.spec.outputs[name], self.prefix + view.step.inputs[0], known
            )
            for name, view in self.analysis.outputs.items()
            if self.prefix + view.step.inputs[0] in known
        }

    def full(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names of steps as the plan has them."""
        return tuple(self.prefix + name for name in names)

    def learning(self, *learners: BoundStep) -> Callable[[str, Mapping[str, Value]], None]:
        """Tells steps the value of another one, which they know by its name in their own pipeline."""

        def learn(name: str, fields: Mapping[str, Value]) -> None:
            for learner in learners:
                learner.learn(name.removeprefix(self.prefix), fields)

        return learn


@dataclass(frozen=True)
class Place:
    """Where a step stands in the plan: see `PlannedStep`. `learners` are to be told the values of `uses` with it."""

    inputs: tuple[str, ...]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    inside: str = ""
    limits: tuple[int, ...] = ()
    learners: Sequence[BoundStep] = ()
