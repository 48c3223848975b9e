"""A parameter that nothing uses."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.forgotten import forgotten
from atk_interp.lint.rules.base import Rule

__all__ = ["UnusedParam"]

_TAKEN_BY_THE_RUNTIME = ("output_dir",)


class UnusedParam(Rule):
    code = Code(
        "ATK522",
        "unused-param",
        Severity.WARNING,
        finds="A parameter that no expression, template or prompt uses.",
        why="Whoever sets it in a config believes that it has an effect.",
        bad="params: {topic: {type: text}}\nsteps: …   # nothing says `topic`",
        good="params: {}",
    )

    def check(self, context: LintContext) -> None:
        if context.config is not None and context.config.prompts:
            return  # overriding prompts may use less than those that the spec was written for
        used = context.used_names() | {text for view in context.views() for _, text in forgotten(view)}
        for name, param in context.analysis.spec.params.items():
            if name not in used and name not in _TAKEN_BY_THE_RUNTIME and not context.maybe_used(name):
                context.report(self.code, param.path, f"nothing uses parameter `{name}`", "use it or remove it")
