"""A model slot that no step asks."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["UnusedSlot"]


class UnusedSlot(Rule):
    code = Code(
        "ATK523",
        "unused-slot",
        Severity.WARNING,
        finds="A model slot that no step asks.",
        why="Whoever fills it in a config pays for nothing, or wonders why it is never called.",
        bad="models: {small: {}, large: {}}   # all steps say `model: large`",
        good="models: {large: {}}",
    )

    def check(self, context: LintContext) -> None:
        if context.has("unknown-slot"):
            return  # what was written there may be meant for any of them
        used = {slot for view in context.analysis.views.values() for slot in view.used_slots}
        for name, slot in context.analysis.spec.models.items():
            if name not in used and not context.maybe_used(name):
                context.report(self.code, slot.path, f"no step asks model slot `{name}`", "remove it")
