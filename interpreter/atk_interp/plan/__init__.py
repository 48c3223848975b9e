"""The compiled pipeline: an analysed spec, bound to the values of a run, as callables."""

from atk_interp.plan.compile import compile_plan
from atk_interp.plan.model import MOST_ROUNDS, Extent, Goal, Loop, Plan, PlannedOutput, PlannedStep

__all__ = ["MOST_ROUNDS", "Extent", "Goal", "Loop", "Plan", "PlannedOutput", "PlannedStep", "compile_plan"]
