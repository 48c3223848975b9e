"""Taking calls out of a ledger, and giving their room back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from atk_interp.ledger.base import LedgerError
from atk_interp.ledger.report import BYTES
from atk_interp.ledger.room import file_bytes
from atk_interp.ledger.runs import known_runs, mark_keys, runs_of, used_keys
from atk_interp.ledger.schema import connect_existing, translated
from atk_interp.records import dataclass

__all__ = ["Pruning", "Selection", "pruning"]

_BUSY_TIMEOUT_S = 60.0
_SHRINK_WAIT_MS = 1000
_AT_A_TIME = 2000
"""How many calls go in one transaction: a run that shares the ledger waits no longer than for these."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which calls are to go: those for which all that is given holds.

    `before` is a time in seconds since 1970: the reply came before it. `not_in` are output folders: the call was not
    used by the runs into them. `keep_latest` is the same for so many latest runs. `model` is the name that answered.
    """

    before: int | None = None
    not_in: Sequence[Path] = ()
    keep_latest: int = 0
    model: str = ""


class Pruning:
    """Calls that are marked to go: how many there are, and about how many bytes they take."""

    def __init__(self, connection: sqlite3.Connection, path: Path, selection: Selection) -> None:
        self._connection = connection
        self._path = path
        self.calls, self.bytes = _mark(connection, path, selection)
        self.total = connection.execute("SELECT count(*) FROM replies").fetchone()[0]

    def delete(self) -> None:
        """Take the marked calls out. When it is cut short, some are gone and the rest is as it was.

        What was kept of steps that used any of the calls is not taken on any more.
        """
        with _told(self._path):
            if self.calls:
                self._connection.execute("UPDATE generation SET mark = randomblob(16)")
            for done in range(0, self.calls, _AT_A_TIME):
                self._connection.execute(
                    "DELETE FROM replies WHERE key IN (SELECT key FROM temp.doomed WHERE number > ? AND number <= ?)",
                    (done, done + _AT_A_TIME),
                )

    def shrink(self) -> int:
        """Give the room back to the disk; how many bytes. Raises `LedgerError` when another process is at it."""
        before = file_bytes(self._path)
        with _told(self._path):
            self._connection.execute(f"PRAGMA busy_timeout = {_SHRINK_WAIT_MS}")
            self._connection.execute("VACUUM")
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LedgerError(f"another process reads the ledger `{self._path}`", "prune again when it has ended")
        return max(0, before - file_bytes(self._path))


@contextlib.contextmanager
def pruning(path: Path, selection: Selection) -> Iterator[Pruning]:
    """Mark the calls of a ledger that are to go; nothing is deleted yet. Raises `LedgerError`."""
    connection = connect_existing(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        with _told(path):
            marked = Pruning(connection, path, selection)
        yield marked
    finally:
        connection.close()


def _mark(connection: sqlite3.Connection, path: Path, selection: Selection) -> tuple[int, int]:
    conditions: list[str] = []
    values: list[int | str] = []
    if selection.before is not None:
        conditions.append("created < ?")
        values.append(selection.before)
    kept = runs_of(connection, path, selection.not_in) + known_runs(connection)[: selection.keep_latest]
    if kept:
        mark_keys(connection, used_keys(connection, kept))
        conditions.append("NOT EXISTS (SELECT 1 FROM temp.marked WHERE marked.key = replies.key)")
    if selection.model:
        conditions.append("model = ?")
        values.append(selection.model)
    connection.execute("CREATE TEMP TABLE doomed (number INTEGER PRIMARY KEY, key BLOB, size INTEGER)")
    where = " AND ".join(conditions) or "FALSE"  # to keep the latest of no runs, and to say nothing, deletes nothing
    connection.execute(f"INSERT INTO temp.doomed (key, size) SELECT key, {BYTES} FROM replies WHERE {where}", values)
    count, size = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM temp.doomed").fetchone()
    return count, size


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path) from error
