"""Line endings of two sorts in one file."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Edit, Fix, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.source import SourceFile, Span

__all__ = ["MixedLineEndings"]

_END = pattern(r"\r\n|\r|\n")


class MixedLineEndings(Rule):
    code = Code(
        "ATK111",
        "mixed-line-endings",
        Severity.WARNING,
        finds="A file in which some lines end as on Windows and others as on Unix.",
        why="Two texts that look the same are not, and what is sent to a model may change with the editor.",
        bad="name: a⏎\ndescription: b␍⏎",
        good="name: a⏎\ndescription: b⏎",
        fixable=True,
    )

    def check(self, context: LintContext) -> None:
        for file in context.files:
            if "\r" in file.text:
                self._check(context, file)

    def _check(self, context: LintContext, file: SourceFile) -> None:
        ends = list(_END.finditer(file.text))
        unix = sum(1 for end in ends if end[0] == "\n")
        if not unix or unix == len(ends):
            return
        usual = "\n" if 2 * unix >= len(ends) else "\r\n"
        others = [end for end in ends if end[0] != usual]
        edits = tuple(Edit(Span(file, end.start(), end.end()), usual) for end in others)
        first = others[0].start()
        start = max(file.text.rfind("\n", 0, first), file.text.rfind("\r", 0, first)) + 1
        context.sink.report(
            self.code,
            Span(file, start, max(start + 1, first)),
            f"{len(others)} of {len(ends)} lines end in another way than the rest, this one first",
            help="let all lines end alike",
            fix=Fix("let all lines end alike", edits),
        )
