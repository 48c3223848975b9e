"""What a reader is: a function from one file to its documents and problems.

A reader opens its file lazily, holds no more of it than it must, and turns everything that can be wrong with the
bytes into problems. `OSError` may pass: `read_file` reports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import BinaryIO, Protocol

from atk_interp.formats.charsets import CHARSETS, likeliest
from atk_interp.formats.decoding import Decoded, decode, is_binary
from atk_interp.formats.documents import CannotRead, Document, Level, Problem
from atk_interp.formats.packing import open_unpacked
from atk_interp.records import dataclass

__all__ = [
    "MOST_BYTES",
    "CannotRead",
    "Document",
    "File",
    "Level",
    "Problem",
    "Reader",
    "decoded_text",
    "empty",
    "library_missing",
    "nothing_in",
    "text_document",
]

MOST_BYTES = 512 * 1024 * 1024
"""The largest file, or unpacked file, that is taken into memory in one piece."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to read. `required` names the fields that a record must have, where the format has records.

    `types` has the declared type of each (a key of `NOUNS`), and of those that it may have. `talks`: the records are
    conversations. `drop_running_heads`: leave out what most pages begin or end with.
    """

    path: Path
    source: str
    required: tuple[str, ...] = ("text",)
    talks: bool = False
    drop_running_heads: bool = False
    types: Mapping[str, str] = field(default_factory=lambda: {"text": "text"})

    def open(self) -> BinaryIO:
        """The bytes of the file, unpacked if its name says that they are packed. Raises `OSError`."""
        return open_unpacked(self.path)

    def problem(self, message: str, where: str = "", help: str | None = None, level: Level = "warning") -> Problem:
        return Problem(self.source, where, message, help, level)


class Reader(Protocol):
    """Reads one format."""

    def __call__(self, file: File) -> Iterator[Document | Problem]: ...


def text_document(file: File, text: str) -> Document | Problem:
    """The document of a file that is one text; a problem when there is nothing in it."""
    return Document(file.source, {"text": text}) if text.strip() else empty(file)


def empty(file: File) -> Problem:
    return nothing_in(file, "the file is empty")


def nothing_in(file: File, why: str) -> Problem:
    """For a file that gives nothing though nothing in it is broken."""
    return file.problem(f"{why}; skipped")


def library_missing(file: File, library: str, extra: str = "documents") -> Problem:
    """For a format whose library is an extra."""
    message = f"`{file.path.suffix}` files need {library}, which is not installed; skipped"
    return file.problem(message, help=f"`pip install 'atk-interp[{extra}]'`")


def decoded_text(
    file: File, data: bytes, declared: str | None = None, *, keep_ends: bool = False
) -> tuple[str | None, list[Problem]]:
    """The text of a file's bytes with `\\n` at the end of every line, and what is to be said of its encoding.

    None when the bytes are no text; the problem then says why.
    """
    if is_binary(data):
        help = "save it as UTF-8 if it is a text; UTF-16 needs a byte order mark"
        return None, [file.problem("the file holds NUL or control bytes and is no text; skipped", help=help)]
    decoded = decode(data, _guess_encoding, declared)
    if decoded is None:
        message = "the file is no UTF-8 and no other encoding fits; skipped"
        return None, [file.problem(message, help="save it as UTF-8")]
    text = decoded.text if keep_ends else decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    return text, list(_remarks(file, decoded))


def _remarks(file: File, decoded: Decoded) -> Iterator[Problem]:
    if decoded.guessed:
        message = f"read as `{decoded.encoding}`, which is a guess"
        yield file.problem(message, help="save the file as UTF-8 if letters look wrong", level="notice")
    if decoded.undecodable:
        bytes_are = "1 byte is" if decoded.undecodable == 1 else f"{decoded.undecodable} bytes are"
        place = f"{'at' if decoded.undecodable == 1 else 'the first at'} offset {decoded.first_undecodable}"
        yield file.problem(f"{bytes_are} not valid `{decoded.encoding}`, {place}; each became U+FFFD")


def _guess_encoding(sample: bytes) -> str | None:
    """The likeliest encoding of some bytes that are not UTF-8. The only door to charset-normalizer."""
    from charset_normalizer import from_bytes  # imported late: few files need it

    matches = list(from_bytes(sample, cp_isolation=list(CHARSETS)))
    if not matches:
        return None
    best = (matches[0].chaos, matches[0].coherence)
    equal = [match for match in matches if (match.chaos, match.coherence) == best]
    return likeliest(sample, [name for match in equal for name in (match.encoding, *match.could_be_from_charset)])
