"""A text that names a field where a value is written: the `=` was forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atk_interp.diagnostics import Code, Edit, Fix, Severity
from atk_interp.document import Path
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.spec import Takes

__all__ = ["ForgottenFormula"]


class ForgottenFormula(Rule):
    code = Code(
        "ATK524",
        "forgotten-formula",
        Severity.WARNING,
        finds="A value of a field that is the name of a field or parameter, written as plain text.",
        why="Every row would hold the name itself, not the value that it names.",
        bad="fields: {question: question}",
        good="fields: {question: =question}",
        fixable=True,
    )

    def check(self, context: LintContext) -> None:
        for view in context.views():
            known = {*view.input.fields, *view.spec.params}
            for path, text in _texts(view):
                if text in known or text in ("row.id", "row.source"):
                    start = view.document.text(path).span(0, 0)
                    context.sink.report(
                        self.code,
                        view.document.span(path),
                        f"this is the text `{text}`, not the value of `{text}`",
                        help=f"write `={text}`",
                        fix=Fix(f"write `={text}`", (Edit(start, "="),)),
                    )


def _texts(view: StepView) -> Iterator[tuple[Path, str]]:
    """The literal texts among the values of fields, with their paths."""
    for option in view.options:
        if option.takes is Takes.FIELDS and view.given(option.name):
            yield from _inside(view.option(option.name), view.path(option.name))


def _inside(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _inside(inner, (*path, key))
