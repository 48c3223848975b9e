"""Which replies a run has used: what it takes to export them, and to tell which ones nobody needs."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from atk_interp.ledger.places import folder_name

__all__ = ["KEY_BYTES", "Recorder", "keys_in"]

KEY_BYTES = 32
_WRITE_FROM_KEYS = 1024


def keys_in(blob: bytes) -> Iterable[bytes]:
    """The keys of a row of `uses`."""
    return (blob[at : at + KEY_BYTES] for at in range(0, len(blob), KEY_BYTES))


class Recorder:
    """Collects the keys that a run uses, and writes them with the next transaction of the ledger.

    `paid` tells what the run has paid, from any thread. `write` and `finish` are called by the writer's thread, inside
    a transaction; `written` after its commit. What a kill costs is little: the same command uses the same replies
    again.
    """

    def __init__(self, ledger: Path, folder: Path, pipeline: str, paid: Callable[[], str] | None = None) -> None:
        self._folder = folder_name(ledger, folder)
        self._pipeline = pipeline
        self._paid = paid
        self._told = self._new_told = ""
        self._lock = threading.Lock()
        self._keys = bytearray()
        self._run: int | None = None
        self._new_run: int | None = None
        self._writing = 0

    def used(self, key: bytes) -> bool:
        """Note that a reply was used. True when there are so many that they should be written now."""
        with self._lock:
            self._keys += key
            return len(self._keys) == _WRITE_FROM_KEYS * KEY_BYTES

    def write(self, connection: sqlite3.Connection, paid: Iterable[bytes]) -> None:
        """Put down what has been collected, and the replies that are new."""
        with self._lock:
            keys = bytes(self._keys)
        self._writing = len(keys)
        keys += b"".join(paid)
        if not keys:
            return
        self._new_run = self._run or self._begin(connection)
        connection.execute("INSERT INTO uses VALUES (?, ?)", (self._new_run, keys))
        self._pay(connection, self._new_run)

    def _pay(self, connection: sqlite3.Connection, run: int) -> None:
        """Put down what was paid until now: all that is in the ledger by this transaction, if not more."""
        told = self._paid() if self._paid is not None else ""
        if told != self._told:
            connection.execute("INSERT OR REPLACE INTO payments VALUES (?, ?)", (run, told))
            self._new_told = told

    def written(self) -> None:
        """What was put down is committed."""
        with self._lock:
            del self._keys[: self._writing]
        self._run, self._writing, self._told = self._new_run, 0, self._new_told

    def finish(self, connection: sqlite3.Connection, status: str) -> None:
        """Put down how the run ended. One that is done needs all that it used, and nothing that earlier ones did."""
        self._new_run = self._new_run or self._run or self._begin(connection)
        run = self._new_run
        connection.execute("UPDATE runs SET ended = ?, status = ? WHERE id = ?", (int(time.time()), status, run))
        self._pay(connection, run)
        if status == "done":
            earlier = "SELECT id FROM runs WHERE folder = ? AND id < ?"
            connection.execute(f"DELETE FROM uses WHERE run IN ({earlier})", (self._folder, run))
            connection.execute(f"DELETE FROM payments WHERE run IN ({earlier})", (self._folder, run))
            connection.execute(f"DELETE FROM runs WHERE id IN ({earlier})", (self._folder, run))

    def _begin(self, connection: sqlite3.Connection) -> int:
        row = (self._folder, self._pipeline, int(time.time()))
        made = connection.execute(
            "INSERT INTO runs (folder, pipeline, started, status) VALUES (?, ?, ?, 'running')", row
        )
        assert made.lastrowid is not None
        return made.lastrowid
