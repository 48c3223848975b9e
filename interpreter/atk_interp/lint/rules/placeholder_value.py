"""A value of a config that was never filled in."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern

__all__ = ["PlaceholderValue"]

_PLACEHOLDER = pattern(
    r"!!.*!!|<[A-Za-z][^<>=]*>|\[(?:your|insert|enter|put)\b.*\]|\.\.\.|…"
    r"|YOUR[ _-].*|.*[ _-]?CHANGE[ _-]?ME|FIXME|TODO|PLACEHOLDER"
)

_MARKS = pattern(r"<(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|answer|s|bos|eos)>")
"""What stands round the thoughts and texts of models, and is meant as it is."""


class PlaceholderValue(Rule):
    code = Code(
        "ATK708",
        "placeholder-value",
        Severity.ERROR,
        finds="A value of a config that is still the placeholder of a template.",
        why="The run would look for a folder of that name, or ask for a model of that name.",
        bad="models: {large: {model: YOUR_MODEL}}",
        good="models: {large: {model: qwen3-32b}}",
    )

    def check(self, context: LintContext) -> None:
        if context.config is None:
            return
        document = context.config.document
        for path in document.places:
            value = document.get(path)
            if isinstance(value, str) and _PLACEHOLDER.fullmatch(value.strip()) and not _MARKS.fullmatch(value.strip()):
                context.sink.report(
                    self.code,
                    document.span(path),
                    f"`{value.strip()}` is a placeholder that was not filled in",
                    help="write the value here",
                )
