"""The linter: an engine that analyses files, rules that look at what came of it, and what is told of that."""

from atk_interp.lint.engine import Linted, lint_path
from atk_interp.lint.report import Report, report
from atk_interp.lint.rules import RULES, Rule
from atk_interp.lint.selection import Selection

__all__ = ["RULES", "Linted", "Report", "Rule", "Selection", "lint_path", "report"]
