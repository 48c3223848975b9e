"""A pipeline or a parameter that nothing is said about."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["Undocumented"]


class Undocumented(Rule):
    code = Code(
        "ATK606",
        "undocumented",
        Severity.ADVICE,
        finds="A spec without `description`, or a parameter without `help`.",
        why="Lists of pipelines, config templates and editors show these words.",
        bad="size: {type: int}",
        good='size: {type: int, help: "Tokens of a passage"}',
    )

    def check(self, context: LintContext) -> None:
        spec = context.analysis.spec
        if not spec.description:
            path = ("name",) if spec.document.has(("name",)) else ()
            context.report(self.code, path, "this pipeline has no `description`", "say in one line what it makes")
        for name, param in spec.params.items():
            if not param.help and not context.maybe_used(name):
                context.report(self.code, param.path, f"parameter `{name}` has no `help`", "say what it is for")
