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
        finds="A step that no other step and no output takes rows from, and no check counts.",
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
        used |= {counted.of for check in context.analysis.checks for counted in check.counts.values()}
        outputs = spec.document.get(("outputs",))  # also those that are malformed
        named = (
            [data.get("from") for data in outputs.values() if isinstance(data, dict)]
            if isinstance(outputs, dict)
            else []
        )
        used |= {name for name in named if isinstance(name, str)}
        for name, step in spec.steps.items():
            if context.maybe_used(name):
                continue
            if name in used:
                continue
            only_for_it = _only_for(context, name)
            listed = ", ".join(f"`{other}`" for other in only_for_it[:4]) + (", …" if len(only_for_it) > 4 else "")
            context.report(
                self.code,
                step.path,
                f"nothing takes the rows of step `{name}`",
                "add an output for it, or remove it" if context.analysis.graph.inputs[name] else None,
                notes=[f"what is done in {listed} is done for it alone"] if only_for_it else (),
            )


def _only_for(context: LintContext, name: str) -> list[str]:
    """The steps whose rows go to a step and nowhere else, in their order."""
    spec, graph = context.analysis.spec, context.analysis.graph
    lost = {name}
    takers: dict[str, set[str]] = {}
    for step in graph.order:
        for source in (*graph.inputs[step], *(each for named in graph.sides.get(step, {}).values() for each in named)):
            takers.setdefault(source, set()).add(step)
    written = {output.source for output in spec.outputs.values()}
    for step in reversed(graph.order):
        if step in takers and step not in written and takers[step] <= lost:
            lost.add(step)
    return [step for step in graph.order if step in lost and step != name]
