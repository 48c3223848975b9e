r"""JSON as models write it: found in chatty text, with small damage repaired.

Repaired are, and nothing else: a comma before a closing bracket; brackets missing at the end of the text (or of the
code fence), when the last value is whole; line breaks and tabs inside a string; typographic or single quotation marks
round a string; a backslash that begins no escape (as in `\(x\)`); `True`, `False` and `None`. A string that is cut, or
a value that is missing, is not JSON.

A recursive descent parser, each character of the text read once: after a failure the search goes on from the place
of the failure, not from the beginning of what failed.
"""

from __future__ import annotations

import re

from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.values import Value, decode

__all__ = ["FoundJson", "find_json"]

_OPENING = pattern(r"[{\[]")
_BEGINS_WELL = pattern(r"""\[?\s*+\{\s*+["'“”„«‘]""")
_SPACE = pattern(r"\s*+")
_SCALAR = pattern(r"-?\d++(?:\.\d++)?+(?:[eE][+-]?\d++)?+|[A-Za-z]++")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_CLOSING_QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "„": "“”", "«": "»", "‘": "’"}
_STRING_PIECE = {quote: re.compile(rf"[^\\{ends}]*+") for quote, ends in _CLOSING_QUOTES.items()}
_ESCAPE = pattern(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|["\\\x00-\x1f]')
_AFTER_STRING = frozenset(",:}]")
_DEEPEST = 64


class _Broken(Exception):
    """No JSON here; `at` is where reading failed."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at


@dataclass(frozen=True, slots=True)
class FoundJson:
    """The outermost objects and arrays of a text, in order, and where one that had begun well breaks off (or None)."""

    values: list[Value]
    broken_at: int | None = None


def find_json(text: str) -> FoundJson:
    """The JSON in a text. Linear time; never raises."""
    values: list[Value] = []
    broken_at: int | None = None
    parser = _Parser(text)
    match = _OPENING.search(text)
    while match:
        try:
            value, at = parser.value(match.start(), 0)
            values.append(value)
        except _Broken as broken:
            at = max(broken.at, match.start() + 1)
            if broken_at is None and _BEGINS_WELL.match(text, match.start(), at):
                broken_at = broken.at
        match = _OPENING.search(text, at)
    return FoundJson(values, broken_at)


@dataclass(frozen=True)
class _Parser:
    text: str

    def value(self, at: int, depth: int) -> tuple[Value, int]:
        first = self.text[at : at + 1]
        if first in _CLOSING_QUOTES:
            return self._string(at)
        if depth > _DEEPEST or not first:
            raise _Broken(at)
        if first == "{":
            return self._object(at, depth)
        if first == "[":
            return self._array(at, depth)
        return self._scalar(at)

    def _object(self, at: int, depth: int) -> tuple[Value, int]:
        members: dict[str, Value] = {}
        at = self._skip(at + 1)
        while not self._is_closed(at, "}", bool(members)):
            if self.text[at] not in _CLOSING_QUOTES:
                raise _Broken(at)
            key, at = self._string(at)
            at = self._skip(at)
            if self.text[at : at + 1] != ":":
                raise _Broken(at)
            members[key], at = self.value(self._skip(at + 1), depth + 1)
            at = self._separator(at, "}")
        return members, self._past(at, "}")

    def _array(self, at: int, depth: int) -> tuple[Value, int]:
        items: list[Value] = []
        at = self._skip(at + 1)
        while not self._is_closed(at, "]", bool(items)):
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self._separator(at, "]")
        return items, self._past(at, "]")

    def _separator(self, at: int, closing: str) -> int:
        """Past the comma after a member or item; a comma may be missing only where the brackets close."""
        at = self._skip(at)
        if self.text[at : at + 1] == ",":
            return self._skip(at + 1)
        if not self._is_closed(at, closing, True):
            raise _Broken(at)
        return at

    def _is_closed(self, at: int, closing: str, may_be_missing: bool) -> bool:
        if at >= len(self.text) or self.text.startswith("```", at):
            if may_be_missing:
                return True
            raise _Broken(at)
        return self.text[at] == closing

    def _past(self, at: int, closing: str) -> int:
        return at + 1 if self.text[at : at + 1] == closing else at

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _scalar(self, at: int) -> tuple[Value, int]:
        match = _SCALAR.match(self.text, at)
        if match is None:
            raise _Broken(at)
        written = match.group()
        if written in _WORDS:
            return _WORDS[written], match.end()
        return self._decoded(written, match.end()), match.end()

    def _string(self, at: int) -> tuple[str, int]:
        """A string in whatever quotation marks. A single one inside a word is an apostrophe."""
        opening = self.text[at]
        closings = _CLOSING_QUOTES[opening]
        piece = _STRING_PIECE[opening]
        parts: list[str] = []
        start = at
        at += 1
        while True:
            match = piece.match(self.text, at)
            assert match is not None  # it matches nothing at the least
            parts.append(match.group())
            at = match.end()
            character = self.text[at : at + 1]
            if not character:
                raise _Broken(at)
            if character == "\\":
                parts.append("'" if self.text[at + 1 : at + 2] == "'" else self.text[at : at + 2])
                at += 2
            elif character in closings and (opening == '"' or self._ends_string(at + 1)):
                break
            else:
                parts.append(character)
                at += 1
        return self._unescaped("".join(parts), start), at + 1

    def _ends_string(self, at: int) -> bool:
        at = self._skip(at)
        return at >= len(self.text) or self.text[at] in _AFTER_STRING

    def _unescaped(self, inner: str, at: int) -> str:
        escaped = _ESCAPE.sub(_repaired_escape, inner)
        return str(self._decoded(f'"{escaped}"', at))

    def _decoded(self, written: str, at: int) -> Value:
        try:
            return decode(written)
        except ValueError:
            raise _Broken(at) from None


def _repaired_escape(match: re.Match[str]) -> str:
    written = match.group()
    if written == '"':
        return '\\"'
    if written == "\\":
        return "\\\\"
    return written if len(written) > 1 else f"\\u{ord(written):04x}"
