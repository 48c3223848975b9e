"""Readers of documents: one format per file, and the table that says which suffix is read by which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from atk_interp.formats.finding import Found, find, source_of
from atk_interp.formats.packing import UnpackError, suffix_of
from atk_interp.formats.readers.base import CannotRead, Document, File, Problem, Reader
from atk_interp.formats.readers.records import BadRecord, hold_to_types
from atk_interp.installed import Extended, failure
from atk_interp.records import dataclass
from atk_interp.registry import Registry

__all__ = ["PARSED", "READERS", "CannotRead", "Document", "Found", "Problem", "Reading", "find_files", "read_file"]

_OWN: Mapping[str, Reader] = Registry(
    __name__,
    {
        ".txt": "plain:read",
        ".md": "plain:read",
        ".html": "html:read",
        ".htm": "html:read",
        ".epub": "epub:read",
        ".pdf": "pdf:read",
        ".docx": "docx:read",
        ".jsonl": "jsonl:read",
        ".json": "json:read",
        ".csv": "csv:read",
        ".tsv": "csv:read",
        ".parquet": "tables:read_parquet",
        ".arrow": "tables:read_arrow",
    },
)


def _wrong(suffix: str, reader: Any) -> str | None:
    if not callable(reader):
        return "is no function"
    right = suffix.startswith(".") and suffix == suffix.lower() and len(suffix) > 1
    return None if right else "is named for no suffix, such as `.rst`, in lower case"


READERS: Mapping[str, Reader] = Extended(_OWN, "atk_interp.readers", _wrong)
"""The reader of each suffix, in the order in which people are told of them. Their libraries are loaded when needed."""


PARSED = frozenset({".html", ".htm", ".epub", ".pdf", ".docx"})
"""The suffixes of documents whose parsers are best kept in a process of their own."""

_HOLD_THEIR_RECORDS = frozenset({".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow"})
"""The suffixes of records, which are held to their types one by one as they are read."""


def find_files(path: Path, pattern: str | None = None) -> Found:
    """The readable files that a folder, a file or a glob stands for; see `finding.find`."""
    return find(path, READERS, pattern)


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: the fields that every document must have, whether their records are conversations, whether
    what most pages of a PDF begin or end with is left out, and the declared types of the fields, those that a document
    may lack among them (see `File.types`)."""

    required: tuple[str, ...] = ("text",)
    talks: bool = False
    drop_running_heads: bool = False
    types: Mapping[str, str] | None = None


def read_file(
    path: Path,
    root: Path,
    required: tuple[str, ...] = ("text",),
    *,
    talks: bool = False,
    drop_running_heads: bool = False,
    types: Mapping[str, str] | None = None,
) -> Iterator[Document | Problem]:
    """The documents of one file below `root`, and what is wrong with it, in the order of the file.

    `required` are the fields that every document must have; a text has `text` alone. `Reading` says what
    the others are. Lazy, and never raises for what is in the file, for a file that cannot be opened, or for a reader
    of a package that fails. Raises `CannotRead` for a suffix that nothing reads.
    """
    if types is None:
        types = {name: "text" if name == "text" else "any" for name in required}
    reader = READERS.get(suffix_of(path))
    if reader is None:
        raise CannotRead(f"`{path.name}` is not read", f"readable are {', '.join(READERS)}")
    file = File(path, source_of(path, root), required, talks, drop_running_heads, types)
    is_held = suffix_of(path) in _HOLD_THEIR_RECORDS
    try:
        for found in reader(file):
            yield _checked(found, file, is_held) if isinstance(found, Document) else _told(found)
    except OSError as error:
        yield file.problem(f"the file cannot be read ({error.strerror or error}); skipped")
    except UnpackError as error:
        yield file.problem(f"the file is packed and damaged ({error}); the rest of it is skipped")
    except Exception as error:
        told = failure(READERS, suffix_of(path), error)
        if told is None:
            raise
        yield file.problem(f"{told}; the rest of the file is skipped")


def _told(found: object) -> Problem:
    if not isinstance(found, Problem):
        raise TypeError(f"it gave a `{type(found).__name__}`, which is no `Document` and no `Problem`")
    return found


def _checked(document: Document, file: File, is_held: bool) -> Document | Problem:
    """A text has no fields but `text`, whatever the records beside it have. `is_held`: its reader has seen to types."""
    if file.talks and "messages" not in document.fields:
        return file.problem("the file is a text and no conversation; skipped")
    if is_held or file.talks:
        return document
    missing = next((name for name in file.required if name not in document.fields), None)
    if missing is not None:
        return file.problem(
            f"the file is a text and has no field `{missing}`; skipped", help="keep texts and records apart"
        )
    fields = dict(document.fields)
    try:
        hold_to_types(fields, file)
    except BadRecord as bad:
        return file.problem(str(bad), help=bad.help)
    return Document(document.source, fields, document.ordinal)
