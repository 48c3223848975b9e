"""Parquet, with the columns that the records have."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from atk_interp.expressions.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NULL,
    TEXT,
    BoolType,
    FloatType,
    IntType,
    ListType,
    NullType,
    RecordType,
    TextType,
    Type,
    join_types,
    without_null,
)
from atk_interp.formats import arrow
from atk_interp.formats.atomic import CannotWrite
from atk_interp.formats.files.base import Layout, Records, Write
from atk_interp.values import encode

__all__ = ["Parquet"]

_BATCH = 5_000
_LARGEST = 2**63


class Parquet:
    """Parquet, compressed with zstd, in row groups of 5,000 records. Needs the extra `parquet`.

    A column has the type that is known before the run, widened by what the records hold: whole numbers become decimal
    ones where both come up; values that have no type in common, and records with no field at all, are written as JSON
    text. A column that is null everywhere is text.
    """

    def write(self, records: Records, layout: Layout, write: Write) -> int:
        arrow = _arrow()
        found = join_types([_widest(layout), *_types(records)])
        assert isinstance(found, RecordType)
        columns = {name: without_null(type_) for name, type_ in found.fields.items()}
        schema = arrow.schema([(name, _arrow_type(type_)) for name, type_ in columns.items()])
        count = 0
        with _parquet().ParquetWriter(_Stream(write), schema, compression="zstd") as file:
            for batch in _batched(records()):
                rows = [{name: _fitted(row.get(name), type_) for name, type_ in columns.items()} for row in batch]
                file.write_table(arrow.Table.from_pylist(rows, schema=schema))
                count += len(batch)
        return count

    def read(self, path: Path) -> Iterator[dict[str, Any]]:
        with _parquet().ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                yield from batch.to_pylist()


def _arrow() -> Any:
    try:
        return arrow.pyarrow()
    except ImportError as error:
        raise CannotWrite(
            "Parquet files need pyarrow, which is not installed", "`pip install 'atk-interp[parquet]'`"
        ) from error


def _parquet() -> Any:
    _arrow()
    return arrow.parquet()


def _batched(records: Iterator[bytes]) -> Iterator[list[dict[str, Any]]]:
    while batch := [json.loads(record) for record in islice(records, _BATCH)]:
        yield batch


def _types(records: Records) -> Iterable[Type]:
    """What the records hold, one batch at a time."""
    for batch in _batched(records()):
        yield join_types(_type_of(record) for record in batch)


def _type_of(value: object) -> Type:
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT if -_LARGEST <= value < _LARGEST else ANY
        case float():
            return FLOAT
        case str():
            return TEXT
        case list():
            return ListType(join_types(map(_type_of, value))) if value else ListType(NULL)
        case dict():
            return RecordType({name: _type_of(part) for name, part in value.items()})
    return ANY


def _widest(type_: Type) -> Type:
    """A type as columns have them: any text is text, what is not known yet is null."""
    match without_null(type_):
        case TextType():
            return TEXT
        case ListType(item):
            return ListType(_widest(item))
        case RecordType() as record:
            return RecordType({name: _widest(field) for name, field in record.fields.items()})
        case BoolType() | IntType() | FloatType() as simple:
            return simple
    return NULL


def _arrow_type(type_: Type) -> Any:
    arrow = _arrow()
    match without_null(type_):
        case BoolType():
            return arrow.bool_()
        case IntType():
            return arrow.int64()
        case FloatType():
            return arrow.float64()
        case ListType(item):
            return arrow.list_(_arrow_type(item))
        case RecordType(fields) if fields:
            return arrow.struct([(name, _arrow_type(field)) for name, field in fields.items()])
    return arrow.string()


def _fitted(value: Any, type_: Type) -> Any:
    """A value as its column takes it."""
    if value is None:
        return None
    match without_null(type_):
        case TextType() | BoolType() | IntType() | NullType():
            return value
        case FloatType():
            return float(value)
        case ListType(item):
            return [_fitted(part, item) for part in value]
        case RecordType(fields) if fields:
            return _fitted_fields(value, fields)
    return encode(value).decode()


def _fitted_fields(value: Mapping[str, Any], fields: Mapping[str, Type]) -> dict[str, Any]:
    return {name: _fitted(value.get(name), field) for name, field in fields.items()}


class _Stream(io.RawIOBase):
    """What pyarrow writes to: bytes that are handed on, and counted."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any, /) -> int:
        taken = bytes(data)
        self._write(taken)
        self._at += len(taken)
        return len(taken)
