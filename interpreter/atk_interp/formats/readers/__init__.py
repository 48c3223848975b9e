"""Readers of documents: one format per file, and the table that says which suffix is read by which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from atk_interp.formats.finding import Found, find, source_of
from atk_interp.formats.readers import docx, html, jsonl, pdf, plain
from atk_interp.formats.readers.base import CannotRead, Document, File, Problem, Reader

__all__ = ["READERS", "CannotRead", "Document", "Found", "Problem", "find_files", "read_file"]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        ".txt": plain.read,
        ".md": plain.read,
        ".html": html.read,
        ".htm": html.read,
        ".pdf": pdf.read,
        ".docx": docx.read,
        ".jsonl": jsonl.read,
    }
)
"""The reader of each suffix, in the order in which people are told of them. Their libraries are loaded when needed."""


def find_files(path: Path, pattern: str | None = None) -> Found:
    """The readable files that a folder, a file or a glob stands for; see `finding.find`."""
    return find(path, READERS, pattern)


def read_file(path: Path, root: Path, required: tuple[str, ...] = ("text",)) -> Iterator[Document | Problem]:
    """The documents of one file below `root`, and what is wrong with it, in the order of the file.

    `required` are the fields that every document must have; a text has `text` alone. Lazy, and never raises for
    what is in the file or for a file that cannot be opened. Raises `CannotRead` for a suffix that nothing reads.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CannotRead(f"`{path.name}` is not read", f"readable are {', '.join(READERS)}")
    file = File(path, source_of(path, root), required)
    try:
        for found in reader(file):
            yield _checked(found, file) if isinstance(found, Document) else found
    except OSError as error:
        yield file.problem(f"the file cannot be read ({error.strerror or error}); skipped")


def _checked(document: Document, file: File) -> Document | Problem:
    """A text has no fields but `text`, whatever the records beside it have."""
    missing = next((name for name in file.required if name not in document.fields), None)
    if missing is None:
        return document
    return file.problem(
        f"the file is a text and has no field `{missing}`; skipped", help="keep texts and records apart"
    )
