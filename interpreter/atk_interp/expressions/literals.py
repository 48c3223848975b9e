"""Text literals: from what is written between the quotes to the text, and back.

Escapes are those of Jinja, which are Python's: an unknown one (`\\d`) stays as it is, backslash and all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from atk_interp.patterns import pattern

__all__ = ["LiteralError", "characters", "quoted", "unquoted"]

_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PIECE = pattern(
    r"""\\(?: (?P<line>\r\n|\r|\n)
            | (?P<octal>[0-7]{1,3})
            | x(?P<x>[0-9a-fA-F]{2})
            | u(?P<u>[0-9a-fA-F]{4})
            | U(?P<U>[0-9a-fA-F]{8})
            | N\{(?P<name>[^}]*)\}
            | (?P<cut>[xuUN])
            | (?P<other>.) )
      | (?P<newline>\r\n|\r) | (?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)


class LiteralError(ValueError):
    """A text literal that means nothing; `start` and `end` are indices into the literal with its quotes."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start, self.end = start, end


def characters(literal: str) -> Iterator[tuple[str, int, int]]:
    """The text of a literal piece by piece, each with its place in the literal (quotes included in the count).

    A piece is one character, none (a line joined by a backslash), or the two of an unknown escape.
    Raises `LiteralError`.
    """
    for found in _PIECE.finditer(literal, 1, len(literal) - 1):
        yield _decoded(found), found.start(), found.end()


def _decoded(found: re.Match[str]) -> str:
    kind, text = str(found.lastgroup), found[found.lastgroup or 0]
    match kind:
        case "plain":
            return text
        case "newline":
            return "\n"
        case "line":
            return ""
        case "other":
            if not text.isascii():
                raise LiteralError(f"a backslash before `{text}` means nothing", *found.span())
            return _SIMPLE.get(text, "\\" + text)
        case "cut":
            raise LiteralError(f"the escape `\\{text}` is not complete", *found.span())
    number = _code_point(kind, text)
    if (
        number is None
        or not 0 <= number <= 0x10FFFF
        or 0xD800 <= number <= 0xDFFF
        or (kind == "octal" and number > 255)
    ):
        raise LiteralError(f"there is no character `{found[0]}`", *found.span())
    return chr(number)


def _code_point(kind: str, text: str) -> int | None:
    if kind != "name":
        return int(text, 8 if kind == "octal" else 16)
    try:
        return ord(unicodedata.lookup(text))
    except (KeyError, TypeError):
        return None


def unquoted(literal: str) -> str:
    """The text that a literal (with its quotes) means. Raises `LiteralError`."""
    if "\\" not in literal and "\r" not in literal:
        return literal[1:-1]
    return "".join(text for text, _, _ in characters(literal))


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """A literal that means this text."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'
