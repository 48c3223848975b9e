"""A model slot that a config forgot."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["SlotWithoutEndpoint"]


class SlotWithoutEndpoint(Rule):
    """A config without any model is meant so: the embedded model answers, and the run says it."""

    code = Code(
        "ATK711",
        "slot-without-endpoint",
        Severity.WARNING,
        finds="A config that names models for some of the slots that its pipeline asks, and none for another.",
        why="The small embedded model would answer for that slot, beside large ones for the others.",
        bad="models: {large: {model: qwen3-32b}}   # the pipeline asks `small` too",
        good="models: {large: {model: qwen3-32b}, small: {model: qwen3-8b}}",
    )

    def check(self, context: LintContext) -> None:
        config = context.config
        given = config.document.get(("models",)) if config is not None else None
        if config is None or not isinstance(given, dict) or not given or context.has("unknown-model-slot"):
            return  # a misspelt slot may be the one that is missed
        asked = {slot: name for name, view in context.analysis.views.items() for slot in view.used_slots}
        for slot, step in asked.items():
            if slot in context.analysis.spec.models and slot not in given:
                context.sink.report(
                    self.code,
                    config.document.key_span(("models",)),
                    f"no model is named for slot `{slot}`, so the embedded model answers for it",
                    notes=[f"step `{step}` asks it"],
                    help=f"add `{slot}:`, with `{{model: embedded}}` if that is meant",
                )
