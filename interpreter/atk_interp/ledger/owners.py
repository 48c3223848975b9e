"""The processes that have one ledger open, in the file that they share beside it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from atk_interp.ledger.base import LedgerError
from atk_interp.ledger.processes import Process, myself
from atk_interp.ledger.schema import translated, use_wal
from atk_interp.records import dataclass

__all__ = ["LEASE_S", "OPEN", "Owner", "connect_claims", "forget", "others", "translated_claims"]

LEASE_S = 30.0
"""How long a process may be silent before its claims are void."""

_BUSY_TIMEOUT_S = 60.0

_TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS owners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    started INTEGER NOT NULL,
    beat REAL NOT NULL,
    sharing INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY NOT NULL, owner INTEGER NOT NULL) WITHOUT ROWID;
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """An opening of the ledger, in some process."""

    id: int
    process: Process
    beat: float
    sharing: bool

    def is_gone(self, path: Path) -> bool:
        """Whether it has ended, or must be taken for ended. `path` is the file of claims that names it."""
        if self.process == myself() and (path, self.id) not in OPEN:  # closed while the disk was full
            return True
        return self.process.is_dead() or time.time() - self.beat > LEASE_S


OPEN: set[tuple[Path, int]] = set()
"""The file and the number of every owner in this process that has not been closed."""


def others(connection: sqlite3.Connection, own: int) -> list[Owner]:
    """All owners but one."""
    rows = connection.execute("SELECT id, pid, host, started, beat, sharing FROM owners WHERE id <> ?", (own,))
    return [Owner(id_, Process(pid, host, started), beat, bool(yes)) for id_, pid, host, started, beat, yes in rows]


def forget(connection: sqlite3.Connection, owner: int) -> None:
    """Take out an owner and its claims, within a transaction."""
    connection.execute("DELETE FROM claims WHERE owner = ?", (owner,))
    connection.execute("DELETE FROM owners WHERE id = ?", (owner,))


def connect_claims(path: Path) -> sqlite3.Connection:
    """Open the file that processes share beside a ledger, making it when it is not there."""
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        use_wal(connection, path)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_TABLES)
    except BaseException:
        connection.close()
        raise
    return connection


def translated_claims(error: sqlite3.Error, path: Path) -> LedgerError:
    """What an SQLite error of that file means for a person."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerError(
            f"`{path}`, where runs tell each other what they are at, is damaged",
            "delete that file while no run is going; it holds no replies",
        )
    return translated(error, path)
