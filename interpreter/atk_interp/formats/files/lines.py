"""A record a line, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atk_interp.formats.files.base import Layout, Records, Write

__all__ = ["Lines"]


class Lines:
    """JSON Lines, which `datasets`, `pandas` and every trainer read."""

    def write(self, records: Records, layout: Layout, write: Write) -> int:
        count = 0
        for record in records():
            write(record)
            count += 1
        return count

    def read(self, path: Path) -> Iterator[dict[str, Any]]:
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
