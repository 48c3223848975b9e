"""JSON: a list of records, an object with such a list, or one record; JSON lines by this name are known too."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from atk_interp.formats.conversations import CONVERSATIONS
from atk_interp.formats.readers.base import MOST_BYTES, Document, File, Problem, empty, nothing_in
from atk_interp.formats.readers.json_text import LONGEST, lines, value_of, values_in_list
from atk_interp.formats.readers.records import BadRecord, Faults, checked_record, named
from atk_interp.values import Value

__all__ = ["read"]

_WHOLE = "write it as whole JSON, or one record on each line as `.jsonl`"
_PASSED = b" \t\r\n" + codecs.BOM_UTF8


def read(file: File) -> Iterator[Document | Problem]:
    """A document for each record, its ordinal the number of the record (from 1), or of the line.

    A list is read record by record, in bounded memory. An object is a record if it has the fields that are asked for;
    otherwise it is one that holds the records, in a list (`{"data": […]}`) or by names, which go into a field `key`.
    """
    faults = Faults(file, "records")
    try:
        with file.open() as stream:
            first = _first(stream)
            if not first:
                yield empty(file)
            elif first == b"[":
                yield from _checked(file, ((None, each) for each in values_in_list(stream)), faults)
            elif _has_lines(file):
                yield from _lines(file, faults)
            else:
                yield from _checked(file, _held(file, first, stream), faults)
    except BadRecord as bad:  # what is wrong with the whole
        yield file.problem(str(bad), help=bad.help)
    yield from faults.rest()


def _first(stream: BinaryIO) -> bytes:
    """The first character that is no space and no part of a mark; empty when there is none."""
    sign = stream.read(1)
    while sign and sign in _PASSED:
        sign = stream.read(1)
    return sign


def _has_lines(file: File) -> bool:
    """Whether the first line is a value by itself, and another begins after it."""
    with file.open() as stream:
        found = (line for line in lines(stream) if line is None or line.strip())
        first, second = next(found, None), next(found, None)
    if first is None or second is None or not second.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(value_of(first, _WHOLE), dict)
    except BadRecord:
        return False


def _lines(file: File, faults: Faults) -> Iterator[Document | Problem]:
    with file.open() as stream:
        for number, line in enumerate(lines(stream), 1):
            if line is not None and not line.strip():
                continue
            try:
                if line is None:
                    raise BadRecord(f"the line is longer than {LONGEST >> 20} MB")
                yield Document(file.source, checked_record(value_of(line, _WHOLE), file), number)
            except BadRecord as bad:
                yield from faults.told(bad, f"line {number}")


def _held(file: File, first: bytes, stream: BinaryIO) -> Iterable[tuple[str | None, Value]]:
    """The records of a file that is no list. Raises `BadRecord`."""
    data = first + stream.read(MOST_BYTES)
    if len(data) > MOST_BYTES:
        help = "write one record on each line, as `.jsonl`"
        raise BadRecord(f"the file is larger than {MOST_BYTES >> 20} MB and no list of records", help=help)
    value = value_of(data, _WHOLE)
    if not isinstance(value, dict):
        raise BadRecord(f"{named(value)} instead of records")
    if _is_record(value, file):
        return [(None, value)]
    lists = [
        inner for inner in value.values() if isinstance(inner, list) and any(isinstance(one, dict) for one in inner)
    ]
    if len(lists) == 1:
        return [(None, one) for one in lists[0]]
    if len(lists) > 1:
        raise BadRecord("there are several lists in it, and which has the records is not clear", help=_WHOLE)
    if value and all(isinstance(inner, dict) for inner in value.values()):
        return [(name, {"key": name, **inner}) for name, inner in value.items() if isinstance(inner, dict)]
    return [(None, value)]


def _is_record(value: dict[str, Value], file: File) -> bool:
    if file.talks:
        return any(isinstance(value.get(name), list) for name in CONVERSATIONS)
    if not file.required:
        return any(name in value for name in file.types)
    return all(name in value for name in file.required)


def _checked(
    file: File, values: Iterable[tuple[str | None, bytes | Value]], faults: Faults
) -> Iterator[Document | Problem]:
    number = 0
    for number, (name, given) in enumerate(values, 1):
        try:
            value = value_of(given, _WHOLE) if isinstance(given, bytes) else given
            yield Document(file.source, checked_record(value, file), number)
        except BadRecord as bad:
            yield from faults.told(bad, f"record {number}" if name is None else f"record `{name}`")
    if not number:
        yield nothing_in(file, "the list has no records")
