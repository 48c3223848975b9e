"""The compiled pipeline: an analysed spec, bound to the values of a run, as callables."""

from atk_interp.plan.compile import compile_plan
from atk_interp.plan.model import MOST_ROUNDS, Extent, Goal, Loop, Plan, PlannedOutput, PlannedStep
from atk_interp.plan.ways import Coming, coming, has_several_ways_in, on_the_way

__all__ = [
    "MOST_ROUNDS",
    "Coming",
    "Extent",
    "Goal",
    "Loop",
    "Plan",
    "PlannedOutput",
    "PlannedStep",
    "coming",
    "compile_plan",
    "has_several_ways_in",
    "on_the_way",
]
