"""The linter: an engine that analyses files, and rules that look at what came of it."""

from atk_interp.lint.engine import Linted, lint_path
from atk_interp.lint.rules import RULES, Rule

__all__ = ["RULES", "Linted", "Rule", "lint_path"]
