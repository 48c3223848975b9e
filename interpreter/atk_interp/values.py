"""JSON values, their one canonical encoding, content hashes, and the row.

Canonical JSON here: UTF-8, keys sorted by code point, no insignificant space, shortest round-trip floats, no
NaN or infinity, integers of at most 64 bits (RFC 8785 in spirit; the encoder is orjson). Hashes are SHA-256
over a domain prefix and the canonical bytes, so that a hash of one kind never equals a hash of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

import orjson

from atk_interp.records import dataclass

__all__ = ["Row", "Value", "canonical", "content_hash", "decode", "encode", "root_id", "row_id"]

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
"""What a field may hold: JSON, and nothing else."""

_PASSTHROUGH = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


def canonical(value: object) -> bytes:
    """The canonical JSON bytes of a value. Raises `TypeError` for what is not JSON (NaN becomes null)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | _PASSTHROUGH)


def encode(value: object) -> bytes:
    """JSON bytes with the keys in the order of the mapping. Raises `TypeError` for what is not JSON."""
    return orjson.dumps(value, option=_PASSTHROUGH)


def decode(data: bytes | str) -> Value:
    """The value of a JSON text. Raises `ValueError` when it is none."""
    value: Value = orjson.loads(data)
    return value


def content_hash(domain: str, value: object) -> str:
    """SHA-256, as 64 hex digits, of a value's canonical bytes under a domain (a name with a version)."""
    digest = hashlib.sha256(domain.encode())
    digest.update(b"\0")
    digest.update(canonical(value))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Row:
    """One record on its way through the graph.

    `id` is derived from content and the path of derivation, never from position in time. `source` is the
    document that the row comes from (a path relative to the input folder). `order` is its place in canonical
    order: rows are compared by it as tuples. `parent` is the id of the row it was made from.
    """

    id: str
    source: str
    order: tuple[int, ...]
    fields: Mapping[str, Value] = field(default_factory=dict)
    parent: str | None = None

    def replaced(self, fields: Mapping[str, Value]) -> Row:
        """The same row with exactly these fields."""
        return Row(self.id, self.source, self.order, fields, self.parent)


_ROW_ID_BYTES = 10


def root_id(content: object, ordinal: int) -> str:
    """The id of a row without a parent: its content, and an ordinal among rows of equal content."""
    return content_hash("atk-row-v1", [content, ordinal])[: 2 * _ROW_ID_BYTES]


def row_id(parent: str, label: object) -> str:
    """The id of a row derived from `parent`; `label` tells it from its siblings (an index or some content)."""
    digest = hashlib.sha256(b"atk-child-v1\0")
    digest.update(parent.encode())
    digest.update(canonical(label))
    return digest.hexdigest()[: 2 * _ROW_ID_BYTES]
