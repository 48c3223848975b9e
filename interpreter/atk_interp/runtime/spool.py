"""Rows and records on disk, read back in canonical order.

A private temporary SQLite database: pages stay in memory while they fit and spill to a file that the system
removes. Keys are tuples of numbers, encoded so that the order of the bytes is the order of the tuples.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator

__all__ = ["Spool"]

_BATCH = 500


def _encoded(order: tuple[int, ...]) -> bytes:
    return b"".join(part.to_bytes(6, "big") for part in order)


class Spool:
    """A bag of (order, bytes). Several threads may put; reading begins when all have been put."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[bytes, bytes]] = []
        self._database: sqlite3.Connection | None = None
        self.count = 0

    def put(self, order: tuple[int, ...], data: bytes) -> None:
        """Keep some bytes under their place in the order (numbers from 0 to 2^48)."""
        with self._lock:
            self.count += 1
            self._waiting.append((_encoded(order), data))
            if len(self._waiting) >= _BATCH:
                self._flush()

    def _flush(self) -> None:
        if self._database is None:
            self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute("CREATE TABLE spool (place BLOB, number INTEGER PRIMARY KEY, data BLOB)")
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO spool (place, data) VALUES (?, ?)", self._waiting)
        self._database.execute("COMMIT")
        self._waiting.clear()

    def read(self) -> Iterator[bytes]:
        """Everything in order; equal places in the order in which they were put."""
        with self._lock:
            if self._database is None:
                kept = sorted(self._waiting, key=lambda item: item[0])
                yield from (data for _, data in kept)
                return
            if self._waiting:
                self._flush()
            with contextlib.closing(self._database.execute("SELECT data FROM spool ORDER BY place, number")) as cursor:
                for (data,) in cursor:
                    yield data

    def close(self) -> None:
        """Drop everything."""
        with self._lock:
            self._waiting.clear()
            if self._database is not None:
                self._database.close()
                self._database = None
