"""A text that names a field where a value is written: the `=` was forgotten."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from atk_interp.diagnostics import Code, Severity
from atk_interp.document import Path
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.spec import Takes

__all__ = ["ForgottenFormula", "forgotten"]


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


def forgotten(view: StepView) -> Iterator[tuple[Path, str]]:
    """The literal texts that are names, with their paths; quotes say that the text is meant."""
    for path, text, known in _texts(view):
        if text in known and view.document.written(path)[:1] not in ('"', "'"):
            yield path, text


def _texts(view: StepView) -> Iterator[tuple[Path, str, Container[str]]]:
    """The literal texts of a step or output, with their paths and the names that could be meant."""
    of_a_row = {*view.input.fields, *view.spec.params, "row.id", "row.source"}
    for option in view.options:
        if option.takes in (Takes.FIELDS, Takes.PATH) and view.given(option.name):
            known = of_a_row if option.takes is Takes.FIELDS else view.spec.params
            for path, text in _inside(view.option(option.name), view.path(option.name)):
                yield path, text, known


def _inside(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _inside(inner, (*path, key))
