"""A condition that no row can fulfil, after what earlier conditions have let through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.flow import Analysis
from atk_interp.kinds.base import StepView
from atk_interp.lint.conditions import Condition, conditions, outcome_of, terms_in
from atk_interp.lint.context import LintContext
from atk_interp.lint.guarantees import Guarantee, keeping, written_by
from atk_interp.lint.rules.base import Rule

__all__ = ["UnreachableStep"]

_NONE = frozenset([False])
_SHOWN = 4
_MOST_HELD = 4
"""How many earlier conditions about the same things are looked at together: the nearest."""


class UnreachableStep(Rule):
    code = Code(
        "ATK315",
        "unreachable-step",
        Severity.WARNING,
        finds="A `when` that never holds, or a condition that no row fulfils which earlier conditions let through.",
        why="What the step is for is never done, or nothing comes out of it.",
        bad='judged: {…, keep: verdict == "good"}\nmended: {from: judged, when: verdict == "bad", …}',
        good='judged: {…}\nmended: {from: judged, when: verdict == "bad", …}',
    )

    def check(self, context: LintContext) -> None:
        for view in context.views():
            for path in view.expressions:
                for condition in conditions(view, path):
                    if condition.is_whole:
                        self._check(context, view, condition)

    def _check(self, context: LintContext, view: StepView, condition: Condition) -> None:
        held = [*islice(_held(context, view, condition), _MOST_HELD)][::-1]
        is_when = condition.key == "when"
        if not held and not is_when:
            return  # what it is by itself is told of a constant condition
        if outcome_of(condition, view, context.param_bounds, [each.node for each in held]) != _NONE:
            return
        is_never = outcome_of(condition, view, context.param_bounds) == _NONE
        if (is_never and not is_when) or context.has_error_in(condition.expression.text.span()):
            return
        causes = [] if is_never else _causes(context, view, condition, held)
        context.sink.report(
            self.code,
            condition.expression.text.span(),
            _told(condition, view),
            labels=[Label(cause.span, _said(cause, view)) for cause in causes],
            notes=_starved(context.analysis, view) if condition.key == "keep" else (),
            help="take the rows from an earlier step, or write what was meant"
            if any(cause.step != view.step.name for cause in causes)
            else "write what was meant, or remove it",
        )


def _held(context: LintContext, view: StepView, condition: Condition) -> Iterator[Guarantee]:
    """What is made sure of, about the names in a condition, before the condition is asked: the nearest first."""
    reaching = context.guarantees.get(view.step.path, ())
    own = condition.key not in ("when", "where")  # asked of the row as the step has made it
    written = written_by(view)
    terms = terms_in(condition.node) if reaching or own else frozenset()
    if own:
        earlier = [view.expressions[view.path("when")]] if view.path("when") in view.expressions else []
        earlier = [each for each in earlier if written.isdisjoint(each.names)]
        if condition.key == "keep":
            earlier += keeping(view, but=condition.path)
        for expression in reversed(earlier):
            about = terms_in(expression.root)
            if not terms.isdisjoint(about):
                names = frozenset(expression.names)
                yield Guarantee(expression.root, names, about, view.step.name, expression.text.span())
    for held in reversed(reaching):
        if not terms.isdisjoint(held.terms) and (not own or held.names.isdisjoint(written)):
            yield held


def _causes(
    context: LintContext, view: StepView, condition: Condition, held: Sequence[Guarantee]
) -> Sequence[Guarantee]:
    """The one guarantee that is at odds with a condition; two of them when only several together are."""
    for each in held:
        if outcome_of(condition, view, context.param_bounds, [each.node]) == _NONE:
            return [each]
    return held[:2]


def _told(condition: Condition, view: StepView) -> str:
    name = view.step.name
    match condition.key:
        case "when":
            return f"no row fulfils this `when`, so step `{name}` is never done"
        case "where":
            return f"no row fulfils this `where`, so output `{name}` stays empty"
        case "accept":
            return f"no row fulfils this rule, so step `{name}` rejects them all"
        case "until":
            return f"no row fulfils this `until`, so step `{name}` goes all its rounds with every one"
    return f"no row fulfils this `{condition.key}`, so none leaves step `{name}`"


def _said(cause: Guarantee, view: StepView) -> str:
    if cause.step == view.step.name:
        return "this holds for the rows that come so far"
    return f"`{cause.step}` lets only these rows through"


def _starved(analysis: Analysis, view: StepView) -> list[str]:
    """A note on the steps and outputs that get rows from nowhere else."""
    if view.step.has_when or analysis.views.get(view.step.name) is not view:
        return []  # rows pass it by, or it stands within a loop
    without = {view.step.name}
    for name in analysis.graph.order:
        inputs = analysis.graph.inputs[name]
        if inputs and without.issuperset(inputs):
            without.add(name)
    starved = [name for name in analysis.graph.order if name in without and name != view.step.name]
    starved += [output.name for output in analysis.spec.outputs.values() if output.source in without]
    if not starved:
        return []
    more = ", …" if len(starved) > _SHOWN else ""
    return ["nothing reaches " + ", ".join(f"`{name}`" for name in starved[:_SHOWN]) + more]
