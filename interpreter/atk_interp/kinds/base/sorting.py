"""The order of values of all sorts, as bytes that are ordered in the same way."""

from __future__ import annotations

import struct
from typing import Any

from atk_interp.kinds.base.results import RowFailed

__all__ = ["sort_place"]


def sort_place(option: str, value: Any, descending: bool = False) -> bytes:
    """Bytes that stand in the order of the values, and of which none begins another. None stands last either way.

    `option` is the key whose value it is. Raises `RowFailed` for a value that has no place.
    """
    if value is None:
        return b"\x01"
    place = _ascending(option, value)
    return b"\x00" + (bytes(255 - byte for byte in place) if descending else place)


def _ascending(option: str, value: Any) -> bytes:
    match value:
        case bool():
            return b"\x30\x01" if value else b"\x30\x00"
        case int() | float():
            return b"\x10" + _number(value)
        case str():
            # Zero bytes are escaped, so that two of them end the text: a text that begins another stands before it.
            return b"\x20" + value.encode("utf-8", "surrogatepass").replace(b"\0", b"\0\xff") + b"\0\0"
        case list():
            return b"\x40" + b"".join(b"\x01" + sort_place(option, item) for item in value) + b"\x00"
    raise RowFailed(f"`{option}`: rows cannot be put into the order of a record")


def _number(value: float) -> bytes:
    """A number in the order of the numbers: its nearest float, then how far a whole number is from it."""
    nearest = float(value) + 0.0  # which makes -0.0 a 0.0
    (bits,) = struct.unpack(">Q", struct.pack(">d", nearest))
    ordered = bits ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63)
    rest = value - int(nearest) if isinstance(value, int) else 0
    return struct.pack(">QQ", ordered, rest + (1 << 63))
