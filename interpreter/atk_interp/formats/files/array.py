"""All records as one JSON array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atk_interp.formats.files.base import Layout, Records, Write

__all__ = ["Array"]


class Array:
    """`[{…}, {…}]`, a record a line, for programs that take no JSON Lines. Reading one back takes it into memory."""

    def write(self, records: Records, layout: Layout, write: Write) -> int:
        count = 0
        for record in records():
            write((b",\n" if count else b"[\n") + record.rstrip(b"\n"))
            count += 1
        write(b"\n]\n" if count else b"[]\n")
        return count

    def read(self, path: Path) -> Iterator[dict[str, Any]]:
        with path.open(encoding="utf-8") as file:
            yield from json.load(file)
