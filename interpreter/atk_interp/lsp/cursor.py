"""Where a person is in a YAML text that may be half typed: the path, and what stands before the cursor.

No parser is of use here, for what is being typed is rarely YAML. Lines are read from the top, by their indentation;
what is in brackets and quotes is read character by character. It takes any text, and is right for YAML as people
write it: block mappings and lists, flow ones on one or several lines, all scalar styles.
"""

from __future__ import annotations

import re

from atk_interp.document import Path
from atk_interp.records import dataclass

__all__ = ["Cursor", "cursor_at"]

_KEY = re.compile(
    r"""(?P<key>"[^"\n]*"|'[^'\n]*'|[^\s\[\]{},"'#&*!|>%@`-][^\n:#]*?|-[^\s:#][^\n:#]*?)[ \t]*:(?=\s|$)"""
)
_BLOCK = re.compile(r"(?:[!&]\S+[ \t]+)*[|>][-+0-9]*[ \t]*(?:#.*)?$")
_PROPERTY = re.compile(r"[!&]\S+[ \t]+")


@dataclass(frozen=True)
class Cursor:
    """`path` leads to the value at the cursor or, with `is_key`, to the mapping whose key is there.

    `before` is the text of the key or value up to the cursor, as written, quotes and all; `start` is where it begins.
    A word that may become a key or be a value itself (on a line of its own) `is_key` and `is_value`.
    """

    path: Path
    before: str
    start: int
    is_key: bool = False
    is_value: bool = True

    @property
    def text(self) -> str:
        """What is before the cursor, without an opening quote."""
        return self.before[1:] if self.before[:1] in ("'", '"') else self.before


class _Frame:
    """A mapping or a list that is open, with the column where its keys or dashes stand, and where one is in it."""

    def __init__(self, column: int, at: str | int) -> None:
        self.column = column
        self.at = at

    @property
    def is_list(self) -> bool:
        return isinstance(self.at, int)


def cursor_at(text: str, offset: int) -> Cursor:
    """Where the character at `offset` is; what stands behind it does not matter."""
    return _Reader(text, max(0, min(offset, len(text)))).read()


class _Reader:
    def __init__(self, text: str, end: int) -> None:
        self.text = text
        self.end = end
        self.frames: list[_Frame] = []

    def read(self) -> Cursor:
        at = 0
        while at <= len(self.text):
            stop = self.text.find("\n", at)
            stop = len(self.text) if stop < 0 else stop
            found, at = self._line(at, stop)
            if found is not None:
                return found
        return Cursor(self._path(), "", self.end, is_key=True)

    def _path(self, frames: list[_Frame] | None = None) -> Path:
        return tuple(frame.at for frame in (self.frames if frames is None else frames))

    def _line(self, start: int, stop: int) -> tuple[Cursor | None, int]:
        """Read a line, and what belongs to it on those that follow. The cursor, if it is in it; where to go on."""
        at = start
        while at < stop and self.text[at] == " ":
            at += 1
        is_here = start <= self.end <= stop
        if is_here and self.end <= at:
            return self._key_at(self.end - start, self.end), stop + 1
        if at == stop or self.text[at] in "#\r":
            return (self._key_at(self.end - start, self.end) if is_here else None), stop + 1
        while at < stop and self.text[at] == "-" and self.text[at + 1 : at + 2] in ("", " ", "\n", "\r", "\t"):
            self._dash(at - start)
            at += 1
            while at < stop and self.text[at] in " \t":
                at += 1
            if is_here and self.end <= at:
                return Cursor(self._path(), "", self.end, is_key=True), stop + 1
        key = _KEY.match(self.text, at, stop)
        if key is None:
            return self._loose(at, start, stop)
        self._pop(at - start)
        if is_here and self.end <= key.end("key"):
            return Cursor(self._path(), self.text[at : self.end], at, is_key=True, is_value=False), stop + 1
        self.frames.append(_Frame(at - start, key["key"].strip("\"' ")))
        return self._value(key.end(), at - start, stop)

    def _key_at(self, column: int, at: int) -> Cursor:
        """A place with nothing before it on its line: a key of the innermost mapping that is indented less."""
        frames = [frame for frame in self.frames if frame.column < column]
        return Cursor(self._path(frames), "", at, is_key=True)

    def _pop(self, column: int) -> None:
        """Leave what a key in a column does not belong to."""
        while self.frames and self.frames[-1].column >= column:
            self.frames.pop()

    def _dash(self, column: int) -> None:
        while self.frames and self.frames[-1].column > column:
            self.frames.pop()
        last = self.frames[-1] if self.frames else None
        if last is not None and last.is_list and last.column == column:
            assert isinstance(last.at, int)
            last.at += 1
        else:
            self.frames.append(_Frame(column, 0))  # also below a key of the same column, as YAML allows it

    def _loose(self, at: int, start: int, stop: int) -> tuple[Cursor | None, int]:
        """A line without a key: an item of a list, text that goes on, or a key of which the `:` is still missing."""
        inner = [frame for frame in self.frames if frame.column < at - start]
        path = self._path(inner)
        if self.text[at] in "[{\"'":
            return self._flow(at, stop, path)
        if start <= self.end <= stop:
            return Cursor(path, self.text[at : self.end], at, is_key=True), stop + 1
        if _BLOCK.match(self.text, at, stop):
            return self._block(at, inner[-1].column if inner else -1, stop)
        return None, stop + 1

    def _value(self, at: int, column: int, stop: int) -> tuple[Cursor | None, int]:
        """What stands behind the `:` of a key in a column."""
        while at < stop and self.text[at] in " \t":
            at += 1
        named = _PROPERTY.match(self.text, at, stop)
        if named is not None and _BLOCK.match(self.text, at, stop) is None:
            at = named.end()
        if self.end <= at:
            return Cursor(self._path(), "", self.end), stop + 1
        if at < stop and self.text[at] in "[{\"'":
            return self._flow(at, stop, self._path())
        if _BLOCK.match(self.text, at, stop):
            return self._block(at, column, stop)
        if self.end <= stop:
            return Cursor(self._path(), self.text[at : self.end], at), stop + 1
        return None, stop + 1

    def _block(self, at: int, column: int, stop: int) -> tuple[Cursor | None, int]:
        """A block scalar: the lines that are indented more than what owns it, and empty ones."""
        if self.end <= stop:
            return Cursor(self._path(), self.text[at : self.end], at), stop + 1
        first = line = stop + 1
        while line < len(self.text):
            end = self.text.find("\n", line)
            end = len(self.text) if end < 0 else end
            content = self.text[line:end]
            indent = len(content) - len(content.lstrip(" "))
            blank = not content.strip()
            if not blank and indent <= column:
                return None, line
            if line <= self.end <= end:
                if blank and self.end - line <= column:
                    return None, line
                return Cursor(self._path(), self.text[first : self.end], first), end + 1
            line = end + 1
        return None, max(line, stop + 1)

    def _flow(self, at: int, stop: int, path: Path) -> tuple[Cursor | None, int]:
        """Brackets or quotes, to where they close; the cursor may be inside."""
        flow = _Flow(self.text, self.end, path)
        done = flow.read(at)
        if flow.cursor is not None:
            return flow.cursor, done
        line_end = self.text.find("\n", done)
        line_end = len(self.text) if line_end < 0 else line_end
        if self.end <= line_end:
            return Cursor(path, self.text[at : self.end], at, is_value=False), line_end + 1
        return None, line_end + 1


class _Flow:
    """Reads a flow collection or a quoted text, and stops at the cursor."""

    def __init__(self, text: str, end: int, path: Path) -> None:
        self.text = text
        self.end = end
        self.cursor: Cursor | None = None
        self.outer = path
        self.open: list[tuple[str, list[str | int]]] = []
        """Brackets, each with where one is in it: the index, or the key once its `:` is read."""

    def _path(self) -> Path:
        return (*self.outer, *(part for _, where in self.open for part in where))

    def read(self, at: int) -> int:
        """From a bracket or quote to behind its end, or to the cursor, or to where it cannot go on."""
        token = at
        while at < len(self.text):
            if at >= self.end:
                self._stop(token)
                return at
            character = self.text[at]
            if character in "\"'" and not self.text[token:at].strip():
                token, at = at, self._quoted(at)
                if self.cursor is not None or not self.open:
                    return at
                continue
            if character in "[{":
                self.open.append((character, [0] if character == "[" else []))
                token = at + 1
            elif character in "]}":
                if self.open:
                    self.open.pop()
                if not self.open:
                    return at + 1
                token = at + 1
            elif character == ",":
                self._next()
                token = at + 1
            elif character == ":" and self._ends_key(at, token):
                self.open[-1][1][:] = [self.text[token:at].strip().strip("\"'")]
                token = at + 1
            elif character == "\n" and self._is_left(at):
                return at
            at += 1
        self._stop(token)
        return at

    def _next(self) -> None:
        if not self.open:
            return
        bracket, where = self.open[-1]
        if bracket == "[" and isinstance(where[0], int):
            where[0] += 1
        else:
            where.clear()

    def _ends_key(self, at: int, token: int) -> bool:
        if not self.open or self.open[-1][0] == "[" or self.open[-1][1]:
            return False
        return self.text[at + 1 : at + 2] in ("", " ", "\n", "\r", ",", "}") or self.text[token:at].strip()[:1] in "\"'"

    def _is_left(self, at: int) -> bool:
        """Whether the brackets were never closed: a key at the margin begins a new part of the file."""
        return re.compile(r"\n[A-Za-z_]\w*:(?:\s|$)").match(self.text, at) is not None

    def _quoted(self, at: int) -> int:
        quote, index = self.text[at], at + 1
        while index < len(self.text):
            if index >= self.end:
                break
            if quote == '"' and self.text[index] == "\\":
                index += 2
                continue
            if self.text[index] == quote:
                if quote == "'" and self.text[index + 1 : index + 2] == "'":
                    index += 2
                    continue
                return index + 1
            if self.text[index] == "\n" and self._is_left(index):
                return index
            index += 1
        self._stop(at)
        return min(index, len(self.text))

    def _stop(self, token: int) -> None:
        while token < self.end and self.text[token] in " \t\r\n":
            token += 1
        before = self.text[token : self.end]
        is_key = bool(self.open) and self.open[-1][0] == "{" and not self.open[-1][1]
        self.cursor = Cursor(self._path(), before, min(token, self.end), is_key=is_key, is_value=not is_key)
