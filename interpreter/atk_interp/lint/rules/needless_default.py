"""A default that fits nobody."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern

__all__ = ["NeedlessDefault"]

_OWN = pattern(r"(?i)(^|_)(input|output|source|documents?|data)(_|$)")


class NeedlessDefault(Rule):
    code = Code(
        "ATK607",
        "needless-default",
        Severity.ADVICE,
        finds="A default for a parameter that everyone has a value of their own for: an input or output path.",
        why="Without the default, whoever forgets the value is told so before anything runs.",
        bad="input_dir: {type: path, default: documents}",
        good="input_dir: {type: path}",
    )

    def check(self, context: LintContext) -> None:
        for name, param in context.analysis.spec.params.items():
            if param.type == "path" and isinstance(param.default, str) and param.default and _OWN.search(name):
                context.report(
                    self.code, (*param.path, "default"), f"no default of `{name}` fits everyone", "remove it"
                )
