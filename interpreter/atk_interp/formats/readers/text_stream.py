"""Texts of any size as streams of characters: small ones are looked at whole, large ones twice, piece by piece."""

from __future__ import annotations

import codecs
import io

from atk_interp.formats.decoding import is_binary
from atk_interp.formats.readers.base import File, Problem, decoded_text

__all__ = ["SMALL", "text_stream"]

SMALL = 16 * 1024 * 1024
"""Bytes of a file that is taken into memory whole."""

_PIECE = 1024 * 1024
_ROUND_FAULT = 64 * 1024


def text_stream(file: File, newline: str | None = None) -> tuple[io.TextIOBase | None, list[Problem]]:
    """The characters of a file, and what is to be said of its encoding; None when it is no text.

    `newline` as `open` has it. Raises `OSError`.
    """
    with file.open() as stream:
        data = stream.read(SMALL + 1)
    if len(data) <= SMALL:
        text, problems = decoded_text(file, data, keep_ends=newline == "")
        return (None if text is None else io.StringIO(text, newline=newline if newline == "" else "\n")), problems
    encoding, problems = _encoding(file, data)
    if encoding is None:
        return None, problems
    return io.TextIOWrapper(file.open(), encoding, "replace", newline), problems


def _encoding(file: File, head: bytes) -> tuple[str | None, list[Problem]]:
    """What a large file is in, by its mark, or by the first bytes that are not UTF-8."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-32" if head.startswith(codecs.BOM_UTF32_LE) else "utf-16"), []
    if is_binary(head):
        return decoded_text(file, head)[0], decoded_text(file, head)[1]
    window = _first_fault(file)
    if window is None:
        return "utf-8-sig", []
    _, problems = decoded_text(file, window)
    guessed = next((problem.message.split("`")[1] for problem in problems if problem.level == "notice"), None)
    if guessed is not None:
        return guessed, problems
    told = "the file has bytes that are not valid `utf-8`; each became U+FFFD"
    return "utf-8-sig", [file.problem(told)]


def _first_fault(file: File) -> bytes | None:
    """Some bytes from round the first that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    before = b""
    with file.open() as stream:
        while True:
            piece = stream.read(_PIECE)
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                both = before + piece
                at = max(0, len(both) - len(piece) + min(error.start, len(piece)) - _ROUND_FAULT // 2)
                return both[at : at + _ROUND_FAULT]
            if not piece:
                return None
            before = piece[-_ROUND_FAULT:]
