"""A step whose rows go nowhere."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["UnusedStep"]


class UnusedStep(Rule):
    code = Code(
        "ATK521",
        "unused-step",
        Severity.WARNING,
        finds="A step that no other step and no output takes rows from.",
        why="Its work, and what its calls cost, are thrown away.",
        bad="steps:\n  judged: {kind: generate, …}\noutputs:\n  data.jsonl: {from: questions, format: jsonl}",
        good="outputs:\n  data.jsonl: {from: judged, format: jsonl}",
    )

    def check(self, context: LintContext) -> None:
        if context.analysis.graph.broken or context.has("unknown-step"):
            return  # what was meant there may take the rows of any of them
        spec = context.analysis.spec
        used = {source for step in spec.steps.values() for source in step.inputs}
        used |= {side for step in spec.steps.values() for named in step.sides.values() for side in named}
        used |= {output.source for output in spec.outputs.values()}
        for name, step in spec.steps.items():
            if context.maybe_used(name):
                continue
            if name not in used and context.analysis.graph.inputs[name]:
                context.report(
                    self.code,
                    step.path,
                    f"nothing takes the rows of step `{name}`",
                    "add an output for it, or remove it",
                )
            elif name not in used:
                context.report(self.code, step.path, f"nothing takes the rows of step `{name}`")
