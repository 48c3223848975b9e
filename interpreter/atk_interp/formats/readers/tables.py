"""Parquet files, and Arrow files as `datasets` of Hugging Face keeps them: a record a row."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from atk_interp.formats import arrow
from atk_interp.formats.readers.base import Document, File, Problem, empty, library_missing, nothing_in
from atk_interp.formats.readers.records import BadRecord, Faults, checked_record
from atk_interp.values import Value

__all__ = ["read_arrow", "read_parquet"]

_BATCH = 1_000
_ARROW_FILE = b"ARROW1"


def read_parquet(file: File) -> Iterator[Document | Problem]:
    """One document a row, its ordinal the number of the row; row group by row group.

    Dates and times are texts as ISO 8601 has them, durations seconds, decimals and bytes texts (the latter base64). A
    row group that is damaged is reported and skipped.
    """
    yield from _read(file, _row_groups)


def read_arrow(file: File) -> Iterator[Document | Problem]:
    """As `read_parquet`, of a stream or a file of record batches."""
    yield from _read(file, _record_batches)


Batches = Iterator[Any]
"""Batches of rows; an exception in place of one that is damaged, with the number of its rows if that is known."""


def _read(file: File, batches: Callable[[File], Batches]) -> Iterator[Document | Problem]:
    with file.path.open("rb") as stream:
        if not stream.read(1):
            yield empty(file)
            return
    faults = Faults(file, "rows")
    number = 0
    try:
        errors = (arrow.pyarrow().ArrowException, OSError, ValueError)
        for batch in batches(file):
            if isinstance(batch, _Damaged):
                yield file.problem(f"{batch.what} is damaged; skipped", f"rows {number + 1} to {number + batch.rows}")
                number += batch.rows
                continue
            for record in batch.to_pylist(maps_as_pydicts="lossy"):
                number += 1
                try:
                    yield Document(file.source, checked_record(_record(record), file), number)
                except BadRecord as bad:
                    yield from faults.told(bad, f"row {number}")
        if not number:
            yield nothing_in(file, "the table has no rows")
    except ImportError:
        yield library_missing(file, "pyarrow", "parquet")
    except errors as error:
        where = f"after row {number}" if number else ""
        yield file.problem(f"the file is damaged or of another format ({_brief(error)}); skipped", where)
    yield from faults.rest()


class _Damaged:
    """In place of the rows of a part that cannot be read."""

    def __init__(self, what: str, rows: int) -> None:
        self.what = what
        self.rows = rows


def _row_groups(file: File) -> Batches:
    library = arrow.pyarrow()
    with arrow.parquet().ParquetFile(file.path) as table:
        for group in range(table.num_row_groups):
            given = 0
            try:
                for batch in table.iter_batches(_BATCH, row_groups=[group]):
                    given += batch.num_rows
                    yield batch
            except (library.ArrowException, OSError):
                yield _Damaged("a row group", table.metadata.row_group(group).num_rows - given)


def _record_batches(file: File) -> Batches:
    library, ipc = arrow.pyarrow(), arrow.ipc()
    with library.memory_map(str(file.path)) as source:
        is_file = source.read(len(_ARROW_FILE)) == _ARROW_FILE
        source.seek(0)
        if is_file:
            table = ipc.open_file(source)
            batches: Iterator[Any] = (table.get_batch(at) for at in range(table.num_record_batches))
        else:
            batches = iter(ipc.open_stream(source))
        for batch in batches:
            yield from chain(batch.slice(at, _BATCH) for at in range(0, batch.num_rows, _BATCH))


def _brief(error: Exception) -> str:
    return str(error).partition("\n")[0].strip().rstrip(".") or type(error).__name__


class _NoNumber(ValueError):
    """NaN or infinity, which JSON does not have."""


def _record(row: Mapping[str, Any]) -> Value:
    """A row as a record of JSON values. Raises `BadRecord`."""
    record: dict[str, Value] = {}
    for name, value in row.items():
        try:
            record[name] = _plain(value)
        except _NoNumber as error:
            help = "write null where a number is missing"
            raise BadRecord(f"the field `{name}` holds {error}, which is no number of JSON", help=help) from None
    return record


def _plain(value: Any) -> Value:
    """A value as JSON has it. Raises `_NoNumber`."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                raise _NoNumber(value)
            return value
        case Mapping():
            return {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return value.total_seconds()
        case bytes():
            return base64.b64encode(value).decode()
        case decimal.Decimal():
            return str(value)
    return str(value)
