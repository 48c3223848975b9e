"""Between our offsets, which count characters, and the protocol's positions, which count code units of a line."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from lsprotocol import types as lsp

from atk_interp.records import dataclass
from atk_interp.source import Span

__all__ = ["Positions", "range_of"]

_BREAK = re.compile(r"\r\n|\n|\r")
_WIDTHS = {lsp.PositionEncodingKind.Utf8: ("utf-8", 1), lsp.PositionEncodingKind.Utf16: ("utf-16-le", 2)}


@dataclass(frozen=True)
class Positions:
    """The positions of one text. `encoding` is what client and server agreed on, mostly UTF-16."""

    text: str
    encoding: str = lsp.PositionEncodingKind.Utf16.value

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    def _units(self, text: str) -> int:
        codec, width = _WIDTHS.get(lsp.PositionEncodingKind(self.encoding), ("utf-32-le", 4))
        return len(text.encode(codec, "surrogatepass")) // width

    def position(self, offset: int) -> lsp.Position:
        """Where a character stands; the end of the text for what lies beyond."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset) - 1
        return lsp.Position(line, self._units(self.text[self._starts[line] : offset]))

    def offset(self, position: lsp.Position) -> int:
        """The character at a position; the end of the line, or of the text, for what lies beyond."""
        if position.line >= len(self._starts):
            return len(self.text)
        start = self._starts[position.line]
        stop = self._starts[position.line + 1] if position.line + 1 < len(self._starts) else len(self.text)
        line = self.text[start:stop].rstrip("\r\n")
        units = 0
        for index, character in enumerate(line):
            if units >= position.character:
                return start + index
            units += self._units(character)
        return start + len(line)


def range_of(span: Span, encoding: str) -> lsp.Range:
    """The place of a span in its file."""
    positions = Positions(span.file.text, encoding)
    return lsp.Range(positions.position(span.start), positions.position(span.end))
