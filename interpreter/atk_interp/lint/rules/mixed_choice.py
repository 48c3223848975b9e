"""Words of a `choice` that stand for values of different types."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.document import Document, Path
from atk_interp.expressions.types import AnyType, join_types, type_of
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["MixedChoice"]


class MixedChoice(Rule):
    code = Code(
        "ATK416",
        "mixed-choice",
        Severity.WARNING,
        finds="A `choice` whose words stand for values of different types.",
        why="No expression about the field can be checked, and one that fits one value fails on another.",
        bad='choice: {relevant: true, irrelevant: "no"}',
        good="choice: {relevant: true, irrelevant: false}",
    )

    def check(self, context: LintContext) -> None:
        document = context.analysis.spec.document
        for view in context.analysis.views.values():
            for path in _choices(document, view.path("parse")) if view.given("parse") else ():
                self._look(context, document, path)

    def _look(self, context: LintContext, document: Document, path: Path) -> None:
        values = document.get(path)
        first, *others = ((*path, word) for word in values)
        for other in others:
            types = type_of(document.get(first)), type_of(document.get(other))
            if isinstance(join_types(types), AnyType):
                context.sink.report(
                    self.code,
                    document.head_span(other),
                    f"`{other[-1]}` and `{first[-1]}` stand for values of different types",
                    labels=[Label(document.head_span(first), "the other one")],
                    help="write values of one type",
                )
                return


def _choices(document: Document, path: Path) -> Iterator[Path]:
    """Mappings of words to values under a key `choice`, at any depth of a `parse`."""
    value = document.get(path)
    if not isinstance(value, dict) or not value:
        return
    if path[-1] == "choice":
        yield path
        return
    for key in value:
        yield from _choices(document, (*path, key))
