"""Many rows into an SQLite table at once.

For every row of an `executemany`, `sqlite3` lets other threads of the interpreter go on and then waits for its turn
again, which beside a busy event loop takes longer than the row. A statement of many rows does so once.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from typing import Any

__all__ = ["Insert"]

_SIZES = (64, 16, 4, 1)
"""Rows in a statement. Few different numbers, so that a connection compiles each statement once and keeps it."""


class Insert:
    """Inserts rows of so many `columns` into a table; `otherwise` is how the statement ends."""

    def __init__(self, into: str, columns: int, otherwise: str = "") -> None:
        row = f"({', '.join('?' * columns)})"
        self._statements = [
            (size, f"INSERT INTO {into} VALUES {', '.join([row] * size)} {otherwise}".rstrip()) for size in _SIZES
        ]

    def rows(self, connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert the rows in their order; in a transaction, if they are to be there all or not at all."""
        start = 0
        for size, statement in self._statements:
            while len(rows) - start >= size:
                some = rows[start : start + size]
                connection.execute(statement, tuple(itertools.chain.from_iterable(some)))
                start += size
