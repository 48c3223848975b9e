"""Text with positions: where a piece of text stands in a file, also inside other text.

Offsets count characters of the decoded file, from 0. Lines and columns are 1-based and columns count
characters. Spans are half-open: `end` is the first character that no longer belongs to the span.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import field
from functools import cached_property

from atk_interp.records import dataclass

__all__ = ["MappedText", "Position", "SourceFile", "Span"]

_BEYOND = sys.maxsize
"""More than any offset."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file as people count it: 1-based line and column."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceFile:
    """A decoded text file. `path` is what people are shown; nothing here touches the disk."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for index, character in enumerate(self.text):
            if character == "\n":
                starts.append(index + 1)
        return starts

    @property
    def line_count(self) -> int:
        return len(self._line_starts)

    def position(self, offset: int) -> Position:
        """Line and column of an offset; offsets beyond the end give the end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column; clamped to the file."""
        line = max(1, min(line, self.line_count))
        return min(self._line_starts[line - 1] + column - 1, len(self.text))

    def line(self, number: int) -> str:
        """One line without its line break; empty beyond the end."""
        if not 1 <= number <= self.line_count:
            return ""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] if number < self.line_count else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def span(self, start: int, end: int) -> Span:
        return Span(self, start, end)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of one file."""

    file: SourceFile
    start: int
    end: int

    @property
    def begin(self) -> Position:
        return self.file.position(self.start)

    @property
    def finish(self) -> Position:
        """The position just after the last character."""
        return self.file.position(self.end)

    @property
    def text(self) -> str:
        return self.file.text[self.start : self.end]

    def sort_key(self) -> tuple[str, int, int]:
        return (self.file.path, self.start, self.end)

    def __repr__(self) -> str:
        begin = self.begin
        return f"Span({self.file.path}:{begin.line}:{begin.column}, {self.text!r})"


@dataclass(frozen=True)
class MappedText:
    """A decoded value together with the place of each of its characters in the file.

    A YAML scalar is not what stands in the file: quotes, escapes, indentation and folding are gone. The map
    gives every character of `value` its offset in `file`, so that text within text is underlined where it
    stands. `runs` are the stretches of the value that stand verbatim in the file, in order: where each begins in
    the value, from 0, and in the file. The last is empty, and stands just after the end.
    """

    value: str
    file: SourceFile = field(repr=False)
    runs: tuple[tuple[int, int], ...] = field(repr=False)

    @staticmethod
    def verbatim(value: str, file: SourceFile, start: int) -> MappedText:
        """A value that stands in the file as it is."""
        return MappedText(value, file, ((0, start), (len(value), start + len(value))))

    @staticmethod
    def scattered(value: str, file: SourceFile, offsets: Sequence[int]) -> MappedText:
        """A value of which each character has an offset of its own; one more is just after the end."""
        return MappedText(value, file, tuple(enumerate(offsets)))

    @staticmethod
    def whole(file: SourceFile) -> MappedText:
        """The text of a whole file."""
        return MappedText.verbatim(file.text, file, 0)

    @staticmethod
    def detached(value: str, path: str = "<text>") -> MappedText:
        """A value that stands in no file: its own text serves as the file."""
        return MappedText.verbatim(value, SourceFile(path, value), 0)

    def offset(self, index: int) -> int:
        """The offset in the file of the character at `index` of the value."""
        index = max(0, min(index, len(self.value)))
        begin, at = self.runs[bisect_right(self.runs, (index, _BEYOND)) - 1]
        return at + index - begin

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """Where `value[start:end]` stands in the file (half-open, never reversed)."""
        end = len(self.value) if end is None else end
        first = self.offset(start)
        last = first if end <= start else self.offset(end - 1) + 1
        return Span(self.file, first, max(first, last))

    def slice(self, start: int, end: int | None = None) -> MappedText:
        """`value[start:end]` with its places."""
        end = len(self.value) if end is None else end
        value = self.value[start:end]
        inner = tuple((begin - start, at) for begin, at in self.runs if start < begin < start + len(value))
        runs = ((0, self.offset(start)), *inner, (len(value), self.offset(start + len(value))))
        return MappedText(value, self.file, runs if value else runs[:1])
