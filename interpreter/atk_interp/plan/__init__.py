"""The compiled pipeline: an analysed spec, bound to the values of a run, as callables."""

from atk_interp.plan.compile import compile_plan
from atk_interp.plan.model import Plan, PlannedOutput, PlannedStep

__all__ = ["Plan", "PlannedOutput", "PlannedStep", "compile_plan"]
