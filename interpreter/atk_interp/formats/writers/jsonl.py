"""`jsonl`, and `csv` and `parquet`: records of the fields that the spec names."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.expressions.types import RecordType
from atk_interp.formats.writers.base import Content, RecordError, Takes, line
from atk_interp.records import dataclass

__all__ = ["CSV", "PARQUET", "Jsonl"]


@dataclass(frozen=True, slots=True)
class Jsonl:
    """Keys in the order of the mapping. Errors: no field at all, NaN or infinity, what is not JSON."""

    name: str = "jsonl"
    takes: Takes = "fields"

    def layout(self, fields: RecordType) -> RecordType:
        return fields

    def record(self, content: Content) -> bytes:
        if not isinstance(content, Mapping):
            raise RecordError("the format takes fields, and got messages")
        if not content:
            raise RecordError("the row has no fields to write")
        return line(content)


CSV = Jsonl("csv")
PARQUET = Jsonl("parquet")
