"""A file that is one text: its records are not in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atk_interp.formats.files.base import Layout, Records, Write

__all__ = ["Document"]


class Document:
    """Plain text in UTF-8. It is filled in by whoever knows the run, and reads as one record with `text`."""

    def write(self, records: Records, layout: Layout, write: Write) -> int:
        raise ValueError("a document is written by what fills it in")

    def read(self, path: Path) -> Iterator[dict[str, Any]]:
        yield {"text": path.read_text(encoding="utf-8")}
