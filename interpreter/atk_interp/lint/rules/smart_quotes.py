"""Typographic quotation marks where YAML quotes were meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atk_interp.diagnostics import Code, Edit, Fix, Severity
from atk_interp.document import Path
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.source import Span

__all__ = ["SmartQuotes"]

_QUOTED = pattern(r"[“„”‘‚’]([^“„”‘‚’]+)[“”‘’]\Z")


class SmartQuotes(Rule):
    """Looks at what `parse` is told without YAML quotes: within them the marks are meant."""

    code = Code(
        "ATK428",
        "smart-quotes",
        Severity.WARNING,
        finds="A text that `parse` looks for, between typographic quotation marks instead of straight ones.",
        why="To YAML these marks are part of the text, so that replies are searched for them, too.",
        bad="parse: {choice: [good, bad], into: verdict, after: “Verdict:”}",
        good='parse: {choice: [good, bad], into: verdict, after: "Verdict:"}',
        fixable=True,
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            if "parse" not in view.step.options:
                continue
            for span in _spans(view, view.path("parse"), view.step.options["parse"]):
                quoted = _QUOTED.match(span.text)
                if quoted is not None and not context.has_error_in(span):
                    straight = f'"{quoted[1]}"'
                    is_plain = not {'"', "\\"} & set(quoted[1])
                    context.sink.report(
                        self.code,
                        span,
                        f"the marks around `{quoted[1]}` are part of the text, and replies are searched for them",
                        help=f"use straight quotes: {straight}" if is_plain else "use straight quotes",
                        fix=Fix(f"write {straight}", (Edit(span, straight),)) if is_plain else None,
                    )


def _spans(view: StepView, path: Path, value: Any) -> Iterator[Span]:
    """The keys and texts at a path, as they are written."""
    match value:
        case dict():
            for key, inner in value.items():
                yield view.document.key_span((*path, key))
                yield from _spans(view, (*path, key), inner)
        case list():
            for index, inner in enumerate(value):
                yield from _spans(view, (*path, index), inner)
        case str():
            yield view.document.span(path)
