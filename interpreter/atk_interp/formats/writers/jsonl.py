"""`jsonl`: the fields that the spec names, one JSON record a line."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.formats.writers.base import Content, RecordError, Takes, line
from atk_interp.records import dataclass

__all__ = ["Jsonl"]


@dataclass(frozen=True, slots=True)
class Jsonl:
    """Keys in the order of the mapping. Errors: no field at all, NaN or infinity, what is not JSON."""

    name: str = "jsonl"
    takes: Takes = "fields"

    def record(self, content: Content) -> bytes:
        if not isinstance(content, Mapping):
            raise RecordError("the format takes fields, and got messages")
        if not content:
            raise RecordError("the row has no fields to write")
        return line(content)
