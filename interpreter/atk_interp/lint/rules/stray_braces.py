"""Closing braces of a template that nothing opens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.templates import Template

__all__ = ["StrayBraces"]

_HOLE = pattern(r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_BRACES = pattern(r"""\{\{-?\s*(["'])(?P<opening>\{+)[%#]?\1\s*-?\}\}""")


class StrayBraces(Rule):
    """JSON in a prompt may well end with `}}`: braces count as stray only when the text has not opened as many."""

    code = Code(
        "ATK430",
        "stray-braces",
        Severity.WARNING,
        finds="`}}` or `%}` in a template without the `{{` or `{%` that belongs to it.",
        why="The name before it is not filled in: its letters and the braces are sent as they are.",
        bad="Text: text }}",
        good="Text: {{ text }}",
    )

    def check(self, context: LintContext) -> None:
        for template in _templates(context):
            if "}}" not in template.text.value and "%}" not in template.text.value:
                continue
            at = _stray(template.text.value)
            if at is not None:
                braces = template.text.value[at : at + 2]
                opening = "{{" if braces == "}}" else "{%"
                told = f"nothing opens these braces, so they are sent as they are: `{opening}` is missing"
                help_ = f"write `{opening} … {braces}`"
                context.sink.report(self.code, template.text.span(at, at + 2), told, help=help_)


def _templates(context: LintContext) -> Iterator[Template]:
    seen: set[int] = set()
    for asked in context.asked_soundly:
        if id(asked.prompt) not in seen:
            seen.add(id(asked.prompt))
            yield from asked.prompt.contents
    for view in context.views():
        yield from view.templates.values()
        for messages in view.message_lists.values():
            yield from (item.content for item in messages.written())


def _opened(hole: re.Match[str]) -> str:
    """As many characters, with the braces that a hole writes: `{{ "{" }}` is how a brace is written as text."""
    braces = _BRACES.fullmatch(hole[0])
    return ("{" * len(braces["opening"]) if braces else "").ljust(len(hole[0]))


def _stray(text: str) -> int | None:
    """Where the first closing braces stand that nothing opens; None when all are opened."""
    written = _HOLE.sub(_opened, text)
    depth = 0
    for brace in re.finditer(r"[{}]", written):
        if brace[0] == "{":
            depth += 1
            continue
        at = brace.start()
        if depth == 0 and (written[at : at + 2] == "}}" or written[at - 1 : at] == "%"):
            return at if written[at : at + 2] == "}}" else at - 1
        depth = max(0, depth - 1)
    return None
