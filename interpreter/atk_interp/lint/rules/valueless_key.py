"""A key in braces without a colon, which YAML reads as a key with nothing."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.document import Document, Path
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.source import Span

__all__ = ["ValuelessKey"]

_NO_COLON = pattern(r"(?:\s|(?<=\s)#[^\n]*)*+[,}]")
_COMMA = pattern(r"\s*,\s*\Z")


class ValuelessKey(Rule):
    code = Code(
        "ATK113",
        "valueless-key",
        Severity.WARNING,
        finds="A key without a colon, in a mapping in braces.",
        why="A comma ends a value there: what follows it becomes a key whose value is null.",
        bad="rows: [{question: Why?, answer: Food, mostly}]",
        good='rows: [{question: Why?, answer: "Food, mostly"}]',
    )

    def check(self, context: LintContext) -> None:
        self._look(context, context.analysis.spec.document)
        if context.config is not None:
            self._look(context, context.config.document)

    def _look(self, context: LintContext, document: Document) -> None:
        text, seen = document.file.text, set[int]()
        for path, place in document.places.items():
            if place.start != place.end or place.key_start < 0 or place.key_start in seen:
                continue  # an alias has the places of its anchor
            span = Span(document.file, place.key_start, place.key_end)
            around = Span(document.file, place.key_start, max(place.key_end, place.end) + 1)
            if _NO_COLON.match(text, place.key_end) and document.get(path) is None:
                seen.add(place.key_start)
                if not context.has_error_in(around):
                    told = f"`{span.text}` has no colon: it is a key whose value is null"
                    context.sink.report(self.code, span, told, help=_help(document, path))


def _help(document: Document, path: Path) -> str:
    """The value before the key may go on after its comma."""
    place = document.places[path]
    for name, value in document.get(path[:-1]).items():
        before = document.places.get((*path[:-1], name))
        if before is None or not isinstance(value, str) or before.style != "" or before.end > place.key_start:
            continue
        if _COMMA.match(document.file.text[before.end : place.key_start]):
            whole = " ".join(document.file.text[before.start : place.key_end].split())
            return f'write `{name}: "{whole}"` if the comma is part of the text'
    return f"write `{path[-1]}: …`"
