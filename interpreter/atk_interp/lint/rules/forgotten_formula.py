"""A text that names a field where a value is written: the `=` was forgotten."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.forgotten import forgotten
from atk_interp.lint.rules.base import Rule

__all__ = ["ForgottenFormula"]


class ForgottenFormula(Rule):
    code = Code(
        "ATK524",
        "forgotten-formula",
        Severity.WARNING,
        finds="A value of a field that is the name of a field or parameter, or a path that is the name of a parameter, "
        "written as text without quotes.",
        why="Every row would hold the name itself, not the value that it names; a file of that name would be read.",
        bad="fields: {question: question}",
        good="fields: {question: =question}",
    )

    def check(self, context: LintContext) -> None:
        for view in context.views():
            for path, text in forgotten(view):
                context.sink.report(
                    self.code,
                    view.document.span(path),
                    f"this is the text `{text}`, not the value of `{text}`",
                    help=f'write `={text}`, or `"{text}"` if the text is meant',
                )
