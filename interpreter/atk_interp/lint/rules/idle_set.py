"""A field that a `map` or a `group` makes and nothing reads."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity, did_you_mean
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["IdleSet"]

_MAKING = {"map": "set", "group": "collect"}
"""The option of a kind under which the author names fields of his own."""


class IdleSet(Rule):
    code = Code(
        "ATK549",
        "idle-set",
        Severity.WARNING,
        finds="A field that a `map` sets or a `group` collects, and that nothing reads before it is lost.",
        why="The name is probably misspelt: the field that was meant keeps its old value.",
        bad='set: {qustion: =reworded}\n# later: - user: "{{ question }}"',
        good='set: {question: =reworded}\n# later: - user: "{{ question }}"',
    )

    def check(self, context: LintContext) -> None:
        if context.config is not None and context.config.prompts:
            return  # overriding prompts may read less than those that the spec was written for
        for name, view in context.analysis.views.items():
            option = _MAKING.get(view.step.kind)
            if option is None or not view.given(option) or name not in context.reads.useful:
                continue
            for field in view.option(option):
                if field.startswith("_") or context.reads.is_read(name, field) or context.maybe_used(field):
                    continue
                others = context.reads.read_among(name, view.input.fields)
                told = f"nothing reads `{field}` after step `{name}`"
                context.report(self.code, (*view.path(option), field), told, did_you_mean(field, others) or "remove it")
