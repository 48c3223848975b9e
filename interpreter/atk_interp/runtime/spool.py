"""Rows and records on disk, read back in canonical order.

A private temporary SQLite database: pages stay in memory while they fit and spill to a file that the system
removes. Keys are tuples of numbers, encoded so that the order of the bytes is the order of the tuples.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator

from atk_interp.formats.atomic import CannotWrite
from atk_interp.ledger.bulk import Insert

__all__ = ["NoRoomForRows", "Spool", "told"]

_BATCH = 512
_BATCH_BYTES = 4_000_000
_INSERT = Insert("spool (place, data)", columns=2)


def _encoded(order: tuple[int, ...]) -> bytes:
    return b"".join(part.to_bytes(6, "big") for part in order)


class NoRoomForRows(CannotWrite):
    """The disk of temporary files is full."""


class Spool:
    """A bag of (order, bytes). Several threads may put; reading begins when all have been put.

    Raises `CannotWrite` when the disk of temporary files is full.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[bytes, bytes]] = []
        self._waiting_bytes = 0
        self._database: sqlite3.Connection | None = None
        self._closed = False
        self._indexed = False
        self.count = 0
        self.size = 0
        """How many bytes have been put."""

    def put(self, order: tuple[int, ...], data: bytes) -> None:
        """Keep some bytes under their place in the order (numbers from 0 to 2^48)."""
        self.put_at(_encoded(order), data)

    def put_at(self, place: bytes, data: bytes) -> None:
        """Keep some bytes under a place that is compared byte by byte."""
        with self._lock:
            if self._closed:  # by a run that was given up while a thread was still at work
                return
            self.count += 1
            self._waiting.append((place, data))
            self._waiting_bytes += len(data)
            self.size += len(data)
            if len(self._waiting) >= _BATCH or self._waiting_bytes >= _BATCH_BYTES:
                self._flush()

    def _flush(self) -> None:
        with told():
            if self._database is None:
                self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
                self._database.execute("PRAGMA journal_mode = OFF")
                self._database.execute("PRAGMA synchronous = OFF")
                self._database.execute("CREATE TABLE spool (place BLOB, number INTEGER PRIMARY KEY, data BLOB)")
            self._database.execute("BEGIN")
            _INSERT.rows(self._database, self._waiting)
            self._database.execute("COMMIT")
        self._waiting.clear()
        self._waiting_bytes = 0

    def read(self) -> Iterator[bytes]:
        """Everything in order; equal places in the order in which they were put."""
        # The lock is never held across a `yield`: a reader that is given up halfway must not block `close`.
        with self._lock:
            if self._database is None:
                kept = sorted(self._waiting, key=lambda item: item[0])
                cursor = None
            else:
                if self._waiting:
                    self._flush()
                with told():
                    cursor = self._database.execute("SELECT data FROM spool ORDER BY place, number")
        if cursor is None:
            yield from (data for _, data in kept)
            return
        while True:
            with self._lock, told():
                row = cursor.fetchone()
            if row is None:
                return
            yield row[0]

    def find(self, place: bytes) -> list[bytes]:
        """Everything under a place, in the order in which it was put. Nothing may be put any more."""
        with self._lock, told():
            if not self._indexed:
                self._flush()
                assert self._database is not None
                self._database.execute("CREATE INDEX by_place ON spool (place)")
                self._indexed = True
            assert self._database is not None
            found = self._database.execute("SELECT data FROM spool WHERE place = ? ORDER BY number", (place,))
            return [row[0] for row in found]

    def close(self) -> None:
        """Drop everything."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            if self._database is not None:
                self._database.close()
                self._database = None


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Raise what SQLite says of temporary files as `CannotWrite`."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        raise (NoRoomForRows if full else CannotWrite)(
            f"the temporary files of the run cannot be written: {error}",
            "make room, or name another folder in `SQLITE_TMPDIR`, then run the same command again",
        ) from error
