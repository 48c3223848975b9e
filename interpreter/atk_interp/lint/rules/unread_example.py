"""A few-shot reply in a prompt that the step's own parser cannot read, or its `accept` refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.expressions import EvaluationError, compile_expression
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.prompts import Asked
from atk_interp.lint.rules.base import Rule
from atk_interp.replies import Fields, ReplyUnreadable
from atk_interp.templates import MessageTemplate

__all__ = ["UnreadExample"]

_REFUSED = Code(
    "ATK422",
    "refused-example",
    Severity.ERROR,
    finds="An assistant message in a prompt file that the step's `accept` refuses.",
    why="The model imitates its examples: it would be shown a reply that is then thrown away.",
    bad='- assistant: "Question: Why?"   # accept: {it is long enough: question | length > 10}',
    good='- assistant: "Question: Why does iron rust?"',
)

_Rules = list[tuple[str, Callable[[Mapping[str, object]], object]]]


class UnreadExample(Rule):
    code = Code(
        "ATK421",
        "unread-example",
        Severity.ERROR,
        finds="An assistant message in a prompt file that the step's `parse` cannot read.",
        why="The model imitates its examples: every reply in that form would be rejected.",
        bad='- assistant: "It is suitable."   # parse: {choice: […], after: "Verdict:"}',
        good='- assistant: "Verdict: suitable"',
    )
    more_codes = (_REFUSED,)

    def check(self, context: LintContext) -> None:
        rules: dict[str, _Rules] = {}
        for asked in context.asked:
            view = asked.view
            if view.reader is None:
                continue
            for example, readings in asked.examples:
                if isinstance(readings, ReplyUnreadable):
                    _report_unread(context, asked, example, readings)
                    continue
                if view.step.name not in rules:
                    rules[view.step.name] = list(_certain_rules(view))
                _report_refused(context, asked, example, readings, rules[view.step.name])


def _report_unread(context: LintContext, asked: Asked, example: MessageTemplate, error: ReplyUnreadable) -> None:
    view = asked.view
    context.sink.report(
        UnreadExample.code,
        example.content.text.span(),
        f"step `{view.step.name}` cannot read this example: {error}",
        labels=[Label(view.document.key_span(view.path("parse")), "this is how it reads")],
        help="write the example in the form that `parse` reads",
    )


def _report_refused(
    context: LintContext, asked: Asked, example: MessageTemplate, readings: list[Fields], rules: _Rules
) -> None:
    view = asked.view
    for reading in readings:
        label = next((label for label, rule in rules if _refuses(rule, reading)), None)
        if label is not None:
            context.sink.report(
                _REFUSED,
                example.content.text.span(),
                f"step `{view.step.name}` refuses this example: not fulfilled is `{label}`",
                labels=[Label(view.document.key_span((*view.path("accept"), label)), "this rule")],
                help="write an example that the rule accepts",
            )
            return


def _certain_rules(view: StepView) -> Iterator[tuple[str, Callable[[Mapping[str, object]], object]]]:
    """The rules of `accept` that need nothing but what is read, so that a reading alone decides them."""
    assert view.reader is not None
    if view.reader.unfilled is not None:
        return  # what it reads now is no reading
    for label in view.step.options.get("accept") or {}:
        expression = view.expressions.get((*view.path("accept"), label))
        if expression is not None and expression.names and view.reader.fields.keys() >= expression.names.keys():
            with suppress(EvaluationError):  # a function that does not exist is told already
                yield label, compile_expression(expression)


def _refuses(rule: Callable[[Mapping[str, object]], object], reading: Fields) -> bool:
    try:
        return not rule(reading)
    except EvaluationError:
        return False  # it needs a row after all, to draw by chance
