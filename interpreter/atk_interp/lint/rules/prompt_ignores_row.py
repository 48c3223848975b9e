"""A prompt that asks the same of every row."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.expressions.types import TextType, without_null
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.prompts import foreign_holes
from atk_interp.lint.rules.base import Rule

__all__ = ["PromptIgnoresRow"]

_NOT_OF_THE_ROW = {"seed", "sample", "attempt"}


class PromptIgnoresRow(Rule):
    code = Code(
        "ATK426",
        "prompt-ignores-row",
        Severity.WARNING,
        finds="A prompt with no field of the rows in it.",
        why="Every row would ask the same, and be given an answer that has nothing to do with it.",
        bad="- user: Is the passage suitable?",
        good='- user: "Is this passage suitable? {{ text }}"',
    )

    def check(self, context: LintContext) -> None:
        for asked in context.asked_soundly:
            view, names = asked.view, asked.prompt.names()
            same_for_all = {*view.spec.params, *view.constants, *_NOT_OF_THE_ROW}
            if not names <= same_for_all or not view.asked.fields or _is_one_row(context, view.step.name):
                continue
            if any(next(foreign_holes(content, view.asked.fields), None) for content in asked.prompt.contents):
                continue  # which is told, and is the cause
            context.sink.report(
                self.code,
                asked.place,
                f"prompt `{asked.prompt.name}` uses no field, so every row asks the same",
                notes=[_received(view)],
                help=f"write a field into it, such as `{{{{ {_likely(view)} }}}}`",
            )


def _received(view: StepView) -> str:
    fields = ", ".join(f"`{name}`" for name in view.asked.fields)
    return f"step `{view.step.name}` receives {fields}"


def _likely(view: StepView) -> str:
    """The first field of text: what a step is usually about."""
    texts = [name for name, type_ in view.asked.fields.items() if isinstance(without_null(type_), TextType)]
    return next(iter(texts or view.asked.fields))


def _is_one_row(context: LintContext, step: str) -> bool:
    """Whether no more than one row written in the spec reaches a step: then nothing else could be asked."""
    inputs = context.analysis.graph.inputs.get(step, ())
    if len(inputs) != 1 or inputs[0] not in context.analysis.views:
        return False
    source = context.analysis.views[inputs[0]]
    if source.step.kind == "rows":
        return len(source.step.options.get("rows") or ()) <= 1
    kept = KINDS[source.step.kind].cardinality in (Cardinality.ONE, Cardinality.AT_MOST_ONE)
    return kept and _is_one_row(context, source.step.name)
