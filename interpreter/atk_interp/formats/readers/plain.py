"""Text and Markdown: the file as it stands, whatever its encoding."""

from __future__ import annotations

import io
from collections.abc import Iterator

from atk_interp.formats.readers.base import Document, File, Problem, empty, text_document
from atk_interp.formats.readers.text_stream import SMALL, text_stream

__all__ = ["read"]

_LEAST_KEPT = 0.5
"""A part ends at a blank line, if there is one in this share of it at its end; else at a line, else anywhere."""


def read(file: File) -> Iterator[Document | Problem]:
    """One document; line ends become `\\n`, nothing else is touched.

    A file of more than 16 MB is given in parts of at most so many characters, which put together are the text, so that
    no file is too large for the memory. Their ordinals are their numbers.
    """
    stream, problems = text_stream(file)
    yield from problems
    if stream is None:
        return
    with stream:
        number = 0
        for text, is_all in _parts(stream):
            if is_all:
                yield text_document(file, text)
                return
            number += 1
            if text.strip():
                yield Document(file.source, {"text": text}, number)
    if number > 1:
        told = f"the file is larger than {SMALL >> 20} MB, and was read as {number} documents"
        yield file.problem(told, help="split it into the texts that it consists of", level="notice")
    elif not number:
        yield empty(file)


def _parts(stream: io.TextIOBase) -> Iterator[tuple[str, bool]]:
    """The parts of a text, cut where that hurts least, and whether a part is all there is."""
    held = ""
    given = False
    while True:
        piece = stream.read(SMALL - len(held) + 1)
        held += piece
        if len(held) <= SMALL:
            if held or not given:
                yield held, not given
            return
        end = _cut(held)
        yield held[:end], False
        held, given = held[end:], True


def _cut(text: str) -> int:
    """Where a part of a text ends."""
    least = int(len(text) * _LEAST_KEPT)
    for mark in ("\n\n", "\n", " "):
        found = text.rfind(mark, least, SMALL)
        if found >= 0:
            return found + len(mark)
    return SMALL
