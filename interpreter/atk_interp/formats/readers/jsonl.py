"""JSON lines: each line a record, and each record a document with the fields that it has."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.formats.readers import json_text
from atk_interp.formats.readers.base import Document, File, Problem, empty
from atk_interp.formats.readers.json_text import lines, value_of
from atk_interp.formats.readers.records import BadRecord, Faults, checked_record

__all__ = ["read"]


def read(file: File) -> Iterator[Document | Problem]:
    """One document a line, its ordinal the line number. UTF-8; blank lines count but hold nothing."""
    faults = Faults(file, "lines")
    seen = False
    with file.open() as stream:
        for number, line in enumerate(lines(stream), 1):
            if line is not None and not line.strip():
                continue
            seen = True
            try:
                if line is None:
                    raise BadRecord(f"the line is longer than {json_text.LONGEST >> 20} MB")
                value = value_of(line, "write one whole JSON record on each line")
                yield Document(file.source, checked_record(value, file), number)
            except BadRecord as bad:
                yield from faults.told(bad, f"line {number}")
    if not seen:
        yield empty(file)
    yield from faults.rest()
