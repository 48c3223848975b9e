"""A reply as a row of the ledger's table, and back."""

from __future__ import annotations

import zlib
from typing import Any

from atk_interp.ledger.base import Entry, StoredReply
from atk_interp.llm.messages import Usage

__all__ = ["COLUMNS", "REPLY_COLUMNS", "deflated", "inflated", "packed", "unpacked", "unpacked_entry"]

REPLY_COLUMNS = "key, text, reasoning, finish, input_tokens, output_tokens, model, seconds"
COLUMNS = f"{REPLY_COLUMNS}, created, request"
"""What was sent stands last: who looks for a reply need not read past it."""

_COMPRESS_FROM_BYTES = 4096
"""Below this, deflating a request costs more time than the whole put and saves a third of little."""


def packed(key: bytes, reply: StoredReply, created: int, request: bytes) -> tuple[object, ...]:
    """The values of `COLUMNS`."""
    return (
        key,
        reply.text,
        reply.reasoning,
        reply.finish,
        reply.usage.input,
        reply.usage.output,
        reply.model,
        reply.seconds,
        created,
        deflated(request),
    )


def unpacked(row: tuple[Any, ...]) -> StoredReply:
    """The reply of a row that begins with `REPLY_COLUMNS`."""
    _, text, reasoning, finish, input_tokens, output_tokens, model, seconds = row[:8]
    return StoredReply(text, reasoning, finish, Usage(input_tokens, output_tokens), model, seconds)


def unpacked_entry(row: tuple[Any, ...]) -> Entry:
    """All that a row with `COLUMNS` holds."""
    return Entry(row[0].hex(), unpacked(row), inflated(row[9]), row[8])


def deflated(request: bytes) -> bytes:
    return zlib.compress(request, 1) if len(request) >= _COMPRESS_FROM_BYTES else request


def inflated(stored: bytes) -> bytes:
    # JSON objects begin with a brace, zlib streams of this kind with 0x78: the two cannot be mixed up.
    return zlib.decompress(stored) if stored[:1] == b"\x78" else stored
