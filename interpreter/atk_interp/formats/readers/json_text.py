"""JSON records in a stream of bytes: one a line, or one after the other in a list. In bounded memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from atk_interp.formats.readers.records import BadRecord
from atk_interp.patterns import pattern
from atk_interp.values import Value, decode

__all__ = ["LONGEST", "lines", "value_of", "values_in_list"]

LONGEST = 256 * 1024 * 1024
"""In bytes. A longer record is skipped without being held in memory."""

_PIECE = 1024 * 1024
_PARTS = pattern(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?P<end>"?)|[\[\]{},]', re.DOTALL)
_SPACE = b" \t\r\n"
_MANY_DIGITS = pattern(rb"\d{19}")


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is too long."""
    line = stream.readline(LONGEST + 1).removeprefix(codecs.BOM_UTF8)
    while line:
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST)
            yield None
        else:
            yield line
        line = stream.readline(LONGEST + 1)


def value_of(data: bytes, whole: str) -> Value:
    """The value of a JSON text; `whole` is what to do when it is none. Raises `BadRecord`."""
    try:
        value = decode(data.strip())
    except ValueError as error:
        help = "save the file as UTF-8" if not _is_utf8(data) else whole
        raise BadRecord("not valid JSON", f" ({error})", help) from None
    if _MANY_DIGITS.search(data) is not None:
        json.loads(data, parse_int=_checked)
    return value


def _checked(digits: str) -> int:
    """A whole number that keeps its digits: larger ones become decimal, and lose some. Raises `BadRecord`."""
    number = int(digits)
    if not -(2**63) <= number < 2**64:
        raise BadRecord("a whole number has more than 64 bits", f" ({digits[:40]})", "write it as text, in quotes")
    return number


def values_in_list(stream: BinaryIO) -> Iterator[bytes]:
    """The elements of a JSON list, as they stand there.

    The stream stands behind the `[`. What an element is follows from its brackets and quotes alone, so that one that
    is broken in another way spoils no other. Raises `BadRecord` when the list does not end, or more comes after it.
    """
    reader = _Elements(stream)
    yield from reader.elements()
    rest = reader.rest()
    if rest.strip(_SPACE):
        raise BadRecord("there is more after the end of the list", help="write one list, or one record on each line")


class _Elements:
    """Goes through a list piece by piece, and holds what belongs to the element that it is in."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = b""
        self._start = 0  # of the element, in what is held
        self._at = 0  # what stands before this has been looked at

    def rest(self) -> bytes:
        """Some of what stands after the list."""
        return self._held[self._start :] + self._stream.read(_PIECE)

    def elements(self) -> Iterator[bytes]:
        depth = 0
        while True:
            found = _PARTS.search(self._held, self._at)
            if found is None or found["end"] == b"":
                self._more(len(self._held) if found is None else found.start())
                continue
            sign, self._at = found[0], found.end()
            if sign in b"[{":
                depth += 1
            elif sign in b"]}":
                depth -= 1
            if depth < 0 or (sign == b"," and depth == 0):
                element = self._held[self._start : self._at - 1]
                self._start = self._at
                if depth == 0 or element.strip(_SPACE):
                    yield element
                if depth < 0:
                    return

    def _more(self, at: int) -> None:
        """Take in as much again as is held, so that the time is linear however long an element is.

        `at` is where to look on from: the quote of a text that goes on in the next piece, or the end.
        """
        self._at = at - self._start
        self._held = self._held[self._start :]
        self._start = 0
        if len(self._held) > LONGEST:
            raise BadRecord(f"a record is longer than {LONGEST >> 20} MB, or a quote is missing; the rest is not read")
        piece = self._stream.read(max(_PIECE, len(self._held)))
        if not piece:
            raise BadRecord("the list does not end: the file was cut off, or a quote is missing")
        self._held += piece


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
