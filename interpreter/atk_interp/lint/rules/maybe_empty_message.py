"""A message that has nothing to say for some rows."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.templates import Each, Lone, MessageTemplate

__all__ = ["MaybeEmptyMessage"]


class MaybeEmptyMessage(Rule):
    code = Code(
        "ATK413",
        "maybe-empty-message",
        Severity.WARNING,
        finds="A message without `when` that is one parameter which is empty by default, or one `if` without `else`.",
        why="Many endpoints refuse an empty message.",
        bad='- system: "{{ system_prompt }}"   # system_prompt: {type: text, default: ""}',
        good='- system: "{{ system_prompt }}"\n  when: system_prompt',
    )

    def check(self, context: LintContext) -> None:
        for asked in context.asked_soundly:
            for item in asked.prompt.messages.items if asked.prompt.messages is not None else ():
                self._check(item, asked.view, context)

    def _check(self, item: MessageTemplate | Each, view: StepView, context: LintContext) -> None:
        if isinstance(item, Each) or item.when is not None or item.content.constant is not None:
            return
        lone = item.content.facts.lone()
        if lone is None or (lone.name and not _is_empty_by_default(lone, view)):
            return
        if lone.name:
            told = f"this message is empty unless a config gives `{lone.name}`"
            help_ = f"add `when: {lone.name}` to the message"
        else:
            told = "this message is empty when the condition does not hold"
            help_ = "write the condition as `when:` of the message, or add an `{% else %}`"
        context.sink.report(self.code, lone.span, told, help=help_)


def _is_empty_by_default(lone: Lone, view: StepView) -> bool:
    """What may be none is printed as `None`, and told of as such."""
    param = view.spec.params.get(lone.name)
    return param is not None and param.default == ""
