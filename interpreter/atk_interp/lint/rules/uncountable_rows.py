"""A source that is to give rows until enough have come through, where they are counted too late."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.graph import Graph
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.kinds.base.goals import counted_step
from atk_interp.kinds.base.written import is_formula
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["UncountableRows"]

_WAITING = (Cardinality.MERGED, Cardinality.JOINED)
_ALWAYS_WAITING = ("sort", "shuffle", "dedupe", "mix", "classifier")


class UncountableRows(Rule):
    code = Code(
        "ATK571",
        "uncountable-rows",
        Severity.ERROR,
        finds="An `until` whose rows are counted behind a step that needs all rows at once, or where none of them "
        "comes.",
        why="How many have come through is then known only when the source has ended, so the run would stop before any "
        "work.",
        bad="until: 100 accepted   # and the output is of a `sort`",
        good="until: 100 of checked   # checked stands in front of the `sort`",
    )

    def check(self, context: LintContext) -> None:
        graph, views = context.analysis.graph, context.analysis.views
        for name in context.analysis.spec.steps:
            view = views.get(name)
            if view is None or not view.given("until") or view.step.kind == "loop" or view.step.inputs:
                continue
            counted = _counted(view, context)
            before = _before(graph, counted) if counted is not None else set()
            if counted is None or before & graph.broken or counted == name:
                continue
            if name not in before:
                told = f"no row of step `{name}` comes to step `{counted}`, so its `until` would never be fulfilled"
                context.report(self.code, view.path("until"), told, "name a step that comes after it")
                continue
            waiting = [
                other
                for other in graph.order
                if other in before and name in _before(graph, other) and other != name and _waits(views.get(other))
            ]
            if waiting:
                whose = "its own" if waiting[0] == counted else f"those of step `{counted}`"
                told = f"step `{waiting[0]}` waits for all rows, so {whose} cannot be counted before the end"
                help_ = f"let `until` of step `{name}` count those of a step in front of it, as in `until: 100 of STEP`"
                context.report(self.code, view.path("until"), told, help_)


def _counted(view: StepView, context: LintContext) -> str | None:
    """The step whose rows are counted; None where that is not known, or told of elsewhere."""
    graph, views = context.analysis.graph, context.analysis.views
    of = counted_step(view)
    if of is None or (of and of not in views):
        return None
    if of:
        return of
    sources = [output.step.inputs[0] for output in context.analysis.outputs.values()]
    found = [source for source in sources if source in graph.inputs and view.step.name in _before(graph, source)]
    if len(found) != 1:
        return None
    step = found[0]
    while step in views and views[step].step.kind == "limit" and not views[step].step.has_when:
        if len(graph.inputs[step]) != 1:
            break
        (step,) = graph.inputs[step]
    return step


def _before(graph: Graph, name: str) -> set[str]:
    """A step and those that its rows come from."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += graph.inputs.get(step, ())
    return found


def _waits(view: StepView | None) -> bool:
    """Whether a step needs all rows at once, whatever the parameters are."""
    if view is None:
        return False
    kind = view.step.kind
    if kind in ("limit", "sample"):
        given = [view.step.options.get(key) for key in ("count", "share", "tokens", "skip")]
        return any(value is not None and value != 0 and not is_formula(value) for value in given)
    return kind in _ALWAYS_WAITING or KINDS[kind].cardinality in _WAITING
