"""Lint rules: one file each, run in this order. Adding one means a file, a line here, and its cases."""

from atk_interp.lint.rules.base import Rule
from atk_interp.lint.rules.forgotten_formula import ForgottenFormula
from atk_interp.lint.rules.unread_example import UnreadExample
from atk_interp.lint.rules.unused_param import UnusedParam
from atk_interp.lint.rules.unused_slot import UnusedSlot
from atk_interp.lint.rules.unused_step import UnusedStep

__all__ = ["RULES", "Rule"]

RULES: tuple[Rule, ...] = (
    UnreadExample(),
    ForgottenFormula(),
    UnusedStep(),
    UnusedParam(),
    UnusedSlot(),
)
