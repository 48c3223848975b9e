"""An item that stands twice in a list where each can count once only."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.document import Document, Path
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.spec import Takes
from atk_interp.values import canonical

__all__ = ["RepeatedItem"]


class RepeatedItem(Rule):
    code = Code(
        "ATK212",
        "repeated-item",
        Severity.WARNING,
        finds="A name, a word or an expression that stands twice in one list.",
        why="The second adds nothing, so another was probably meant; a step twice in `from` gives its rows twice.",
        bad="parse: {choice: [good, good], into: verdict}",
        good="parse: {choice: [good, bad], into: verdict}",
    )

    def check(self, context: LintContext) -> None:
        document = context.analysis.spec.document
        for path in _lists(context):
            self._look(context, document, path)

    def _look(self, context: LintContext, document: Document, path: Path) -> None:
        seen: dict[bytes, int] = {}
        for index, item in enumerate(document.get(path)):
            first = seen.setdefault(canonical(item), index)
            if first != index:
                context.sink.report(
                    self.code,
                    document.span((*path, index)),
                    f"`{document.written((*path, index))}` stands twice in this list",
                    labels=[Label(document.span((*path, first)), "first here")],
                    help="remove it, or write what was meant",
                )


def _lists(context: LintContext) -> Iterator[Path]:
    document = context.analysis.spec.document
    for name in context.analysis.spec.params:
        yield from _if_list(document, ("params", name, "choices"))
    for name in context.analysis.spec.steps:
        yield from _if_list(document, ("steps", name, "from"))
    for view in context.views():
        for option in view.options:
            if option.takes in (Takes.NAMES, Takes.EXPRESSIONS):
                yield from _if_list(document, view.path(option.name))
        if view.given("parse"):
            yield from _choices(document, view.path("parse"))


def _choices(document: Document, path: Path) -> Iterator[Path]:
    """Lists under a key `choice` or `tags` of a `parse`, at any depth."""
    value = document.get(path)
    if isinstance(value, list) and path[-1] in ("choice", "tags", "tag"):
        yield path
    for key in value if isinstance(value, dict) else ():
        yield from _choices(document, (*path, key))


def _if_list(document: Document, path: Path) -> Iterator[Path]:
    if document.has(path) and isinstance(document.get(path), list):
        yield path
