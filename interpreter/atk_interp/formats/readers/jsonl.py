"""JSON lines: each line a record, and each record a document with the fields that it has."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from atk_interp.diagnostics import did_you_mean
from atk_interp.formats.readers.base import Document, File, Problem, empty
from atk_interp.values import Value, decode

__all__ = ["read"]

LONGEST_LINE = 256 * 1024 * 1024
"""In bytes. A longer line is skipped without being held in memory."""

_DEEPEST = 100
"""How deeply the values of a record may nest. What is read is written again, with more around it, and no encoder
takes any depth."""

_TOLD_IN_FULL = 20
"""Lines of a file with the same fault that are reported one by one; the others are counted."""

_NAMES = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a record",
}


class _BadLine(Exception):
    """`fault` is the sort of fault, the same for all lines that share it."""

    def __init__(self, fault: str, detail: str = "", help: str | None = None) -> None:
        super().__init__(f"{fault}{detail}; skipped")
        self.fault = fault
        self.help = help


def read(file: File) -> Iterator[Document | Problem]:
    """One document a line, its ordinal the line number. UTF-8; blank lines count but hold nothing."""
    faults: Counter[str] = Counter()
    seen = False
    with file.path.open("rb") as stream:
        for number, line in enumerate(_lines(stream), 1):
            if line is not None and not line.strip():
                continue
            seen = True
            try:
                yield Document(file.source, _record(line, file.required), number)
            except _BadLine as bad:
                faults[bad.fault] += 1
                if faults[bad.fault] <= _TOLD_IN_FULL:
                    yield file.problem(str(bad), f"line {number}", bad.help)
    if not seen:
        yield empty(file)
    for fault, count in faults.items():
        if count > _TOLD_IN_FULL:
            yield file.problem(f"{count - _TOLD_IN_FULL} further lines with the same fault ({fault}); skipped")


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is too long."""
    line = stream.readline(LONGEST_LINE + 1).removeprefix(codecs.BOM_UTF8)
    while line:
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST_LINE)
            yield None
        else:
            yield line
        line = stream.readline(LONGEST_LINE + 1)


def _record(line: bytes | None, required: tuple[str, ...]) -> dict[str, Value]:
    """The record on a line. Raises `_BadLine`."""
    if line is None:
        raise _BadLine(f"the line is longer than {LONGEST_LINE >> 20} MB")
    try:
        record = decode(line.strip())
    except ValueError as error:
        help = "save the file as UTF-8" if not _is_utf8(line) else "write one whole JSON record on each line"
        raise _BadLine("not valid JSON", f" ({error})", help) from None
    if not isinstance(record, dict):
        raise _BadLine(f"{_NAMES.get(type(record), 'a text')} instead of a record")
    if line.count(b"[") + line.count(b"{") > _DEEPEST and _is_too_deep(record):
        raise _BadLine(f"the record is nested more than {_DEEPEST} deep")
    for name in required:
        _check_field(record, name)
    return record


def _is_too_deep(record: dict[str, Value]) -> bool:
    """Level by level, so that no depth is too much for this."""
    level: list[Value] = [record]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inner(outer)]
    return bool(level)


def _inner(value: Value) -> Iterable[Value]:
    """The records and lists in a value."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (inner for inner in values if isinstance(inner, dict | list))


def _check_field(record: dict[str, Value], name: str) -> None:
    if name not in record:
        help = did_you_mean(name, record) or f"its fields are {', '.join(f'`{field}`' for field in record) or 'none'}"
        raise _BadLine(f"no field `{name}`", help=help)
    value = record[name]
    if name == "text" and not isinstance(value, str):
        raise _BadLine(f"the field `text` holds {_NAMES[type(value)]}")
    if name == "text" and isinstance(value, str) and not value.strip():
        raise _BadLine("the field `text` is empty")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
