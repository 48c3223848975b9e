"""A model slot that does not say which sort of model is meant."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["UnstatedModelType"]


class UnstatedModelType(Rule):
    code = Code(
        "ATK605",
        "unstated-model-type",
        Severity.WARNING,
        finds="A model slot without `expects`.",
        why="Whoever writes a config has to know whether an instruct or a reasoning model is meant.",
        bad="models: {judge: {}}",
        good="models: {judge: {expects: instruct}}",
    )

    def check(self, context: LintContext) -> None:
        document = context.analysis.spec.document
        for name, slot in context.analysis.spec.models.items():
            data = document.get(slot.path)
            if isinstance(data, dict) and "expects" not in data and not context.maybe_used(name):
                help_ = "write `expects: instruct`, `reasoning` or `any`"
                context.report(self.code, slot.path, f"model slot `{name}` does not say what it expects", help_)
