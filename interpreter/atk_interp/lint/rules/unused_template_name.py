"""A name that a prompt sets and never uses."""

from __future__ import annotations

import re

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.templates import Template

__all__ = ["UnusedTemplateName"]


class UnusedTemplateName(Rule):
    code = Code(
        "ATK415",
        "unused-template-name",
        Severity.WARNING,
        finds="A variable, a macro or the element of a loop that a message defines and never uses.",
        why="Something else was meant where it should stand, or it can go. Other messages do not see it.",
        bad="{% for turn in turns %}{{ question }}{% endfor %}",
        good="{% for turn in turns %}{{ turn.question }}{% endfor %}",
    )

    def check(self, context: LintContext) -> None:
        for prompt in {asked.prompt.name: asked.prompt for asked in context.asked_soundly}.values():
            for content in prompt.contents:
                if content.constant is None:
                    self._check(content, context)

    def _check(self, content: Template, context: LintContext) -> None:
        for unused in content.facts.unused():
            if _is_used_elsewhere(unused.name, content) or context.maybe_used(unused.name):
                continue
            context.sink.report(
                self.code,
                unused.span,
                f"`{unused.name}` is defined by {unused.what} and never used in this message",
                help="use it, or begin its name with `_`" if unused.what == "`for`" else "use it or remove it",
            )


def _is_used_elsewhere(name: str, content: Template) -> bool:
    """Whether a file that the message includes may use the name."""
    if not content.facts.naming:
        return False
    return any(re.search(rf"\b{re.escape(name)}\b", text) for text in content.files().values())
