"""What a form of files is: records in order on the one side, bytes on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from atk_interp.expressions.types import RecordType

__all__ = ["FileForm", "Layout", "Records", "Write"]

Layout = RecordType
"""The fields of the records, as far as they are known before there is any; in the order of the columns."""

Records = Callable[[], Iterator[bytes]]
"""The records in order, each a JSON object with `\\n` at its end. May be called more than once."""

Write = Callable[[bytes], object]
"""Takes the next bytes of the file."""


class FileForm(Protocol):
    """One form of files. The bytes follow from the records and the layout alone."""

    def write(self, records: Records, layout: Layout, write: Write) -> int:
        """Write all records, in bounded memory; returns how many. Raises `CannotWrite` for a missing library."""
        ...

    def read(self, path: Path) -> Iterator[dict[str, Any]]:
        """The records of a file. Raises `OSError`, and `ValueError` for what is no such file."""
        ...
