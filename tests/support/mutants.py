"""A YAML file with one element at a time deleted, misspelt, retyped, duplicated or moved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, Path, parse_document, show_path
from atk_interp.source import SourceFile

__all__ = ["Mutant", "mutants", "template_mutants"]

_WORD = re.compile(r"[A-Za-z_]{4,}")


@dataclass(frozen=True)
class Mutant:
    """A text that differs from the original in one place.

    `path` is the element that was changed, `lines` the 1-based lines of the new text (first and last) where a reader
    would look for the mistake.
    """

    what: str
    path: Path
    text: str
    lines: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.what} {show_path(self.path)}"


def mutants(text: str) -> Iterator[Mutant]:
    """Every single change of a YAML text. Changes that give the same text are left out."""
    document = parse_document(SourceFile("mutant.yaml", text), Sink())
    assert document is not None
    for path in document.places:
        if path:
            yield from (mutant for mutant in _mutants_at(document, path) if mutant.text != text)


def _mutants_at(document: Document, path: Path) -> Iterator[Mutant]:
    change = _Change(document, path)
    yield change.deleted()
    if isinstance(path[-1], str) and change.place.key_start >= 0:
        yield change.misspelt_key()
    value = document.get(path)
    if isinstance(value, str) and _WORD.search(value):
        yield change.misspelt_value()
    yield change.retyped()
    yield change.duplicated()
    if change.is_block and len(path) > 1:
        yield change.moved_out()


class _Change:
    """The changes of the element at one path."""

    def __init__(self, document: Document, path: Path) -> None:
        self.document = document
        self.path = path
        self.text = document.file.text
        self.place = document.places[path]
        self.start = self.place.key_start if self.place.key_start >= 0 else self.place.start
        self.line_start = self.text.rfind("\n", 0, self.start) + 1
        before = self.text[self.line_start : self.start]
        self.is_block = not before.strip(" -") and (isinstance(path[-1], str) or "-" in before)

    def _made(self, what: str, start: int, end: int, new: str) -> Mutant:
        text = self.text[:start] + new + self.text[end:]
        first = text.count("\n", 0, start) + 1
        return Mutant(what, self.path, text, (max(1, first - 1), first + new.count("\n") + 1))

    def _whole(self) -> tuple[int, int]:
        """The whole element: its lines when it stands in a block, with one comma in a flow."""
        if self.is_block:
            dash = self.text.find("-", self.line_start, self.start)
            if dash >= 0 and isinstance(self.path[-1], str):
                return self.start, self.place.end  # the first key of an item: the dash stays
            stop = self.text.find("\n", max(self.place.end - 1, self.start))
            return self.line_start, len(self.text) if stop < 0 else stop + 1
        after = re.compile(r"\s*,\s*").match(self.text, self.place.end)
        if after:
            return self.start, after.end()
        before = re.compile(r",\s*\Z").search(self.text[: self.start])
        return (before.start() if before else self.start), self.place.end

    def deleted(self) -> Mutant:
        start, end = self._whole()
        return self._made("delete", start, end, "")

    def misspelt_key(self) -> Mutant:
        key = self.text[self.place.key_start : self.place.key_end]
        return self._made("misspell key", self.place.key_start, self.place.key_end, _misspelt(key))

    def misspelt_value(self) -> Mutant:
        """The first longer word of the value, one letter short."""
        written = self.text[self.place.start : self.place.end]
        found = _WORD.search(written)
        assert found is not None
        start = self.place.start + found.start()
        return self._made("misspell value", start, start + len(found[0]), _misspelt(found[0]))

    def retyped(self) -> Mutant:
        value = self.document.get(self.path)
        new = {str: "[1.5]", bool: "12", int: "[many]", float: "[many]", list: "7", dict: "7"}.get(type(value), "[x]")
        return self._made("retype", self.place.start, self.place.end, new)

    def duplicated(self) -> Mutant:
        start, end = self._whole()
        piece = self.text[start:end]
        if not self.is_block:
            piece = self.text[self.start : self.place.end] + ", "
            return self._made("duplicate", self.start, self.start, piece)
        if start == self.start:
            column = self.start - self.line_start
            return self._made("duplicate", end, end, "\n" + " " * column + piece)
        return self._made("duplicate", end, end, piece if piece.endswith("\n") else "\n" + piece)

    def moved_out(self) -> Mutant:
        """The element after what it stands in, indented as that is."""
        start, end = self._whole()
        if start == self.start:
            return self._made("move", start, start, "")
        parent = self.document.places[self.path[:-1]]
        outer = parent.key_start if parent.key_start >= 0 else parent.start
        indent = outer - (self.text.rfind("\n", 0, outer) + 1)
        piece = self.text[start:end]
        depth = len(piece) - len(piece.lstrip(" "))
        shift = max(0, depth - indent)
        moved = "".join(line[shift:] if line[:shift].isspace() else line for line in piece.splitlines(keepends=True))
        stop = self.text.find("\n", parent.end - 1)
        target = len(self.text) if stop < 0 else stop + 1
        text = self.text[:start] + self.text[end:target] + moved + self.text[target:]
        first = text[: target - (end - start)].count("\n") + 1
        return Mutant("move", self.path, text, (first - 1, first + moved.count("\n")))


def _misspelt(word: str) -> str:
    """The word with its third letter missing, or doubled when it is short."""
    return word[:2] + word[3:] if len(word) > 3 else word + word[-1:]


_HOLE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def template_mutants(text: str) -> Iterator[Mutant]:
    """Changes of the holes of the templates in a prompt file: a name misspelt, a brace or a hole lost."""
    for number, hole in enumerate(_HOLE.finditer(text)):
        line = text.count("\n", 0, hole.start()) + 1
        names = re.compile(r"[A-Za-z_]{3,}").search(text, hole.start(), hole.end())
        if names is not None:
            new = text[: names.start()] + _misspelt(names[0]) + text[names.end() :]
            yield Mutant("misspell name", ("hole", number), new, (line, line))
        mark, path, lines = hole[0][:2], ("hole", number), (line, line + 1)
        yield Mutant(f"unclose {mark}", path, text[: hole.end() - 2] + text[hole.end() :], lines)
        yield Mutant(f"unopen {mark}", path, text[: hole.start()] + text[hole.start() + 2 :], lines)
