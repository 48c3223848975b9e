"""The file format of the SQLite ledger: table, version, and opening it safely."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from pathlib import Path

from atk_interp.ledger.base import LedgerError, LedgerFull, LedgerReadOnly
from atk_interp.ledger.room import no_room

__all__ = [
    "APPLICATION_ID",
    "VERSION",
    "check_writable",
    "connect",
    "connect_existing",
    "connect_reading",
    "translated",
    "use_wal",
]

APPLICATION_ID = 0x41544B4C
"""`ATKL`: how a ledger is told from other SQLite files."""

VERSION = 3
"""1 had no record of runs, 2 none of what was learned of endpoints and granted to rows.

A file of an earlier version is brought up to date when it is opened.
"""

# A table with rowids: with rows of one to four kilobytes under random keys, WITHOUT ROWID made the file 2.2
# times as large and a put three times as slow (20,000 rows of 1.7 kB).
_REPLIES = """
CREATE TABLE replies (
    key BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 32),
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    finish TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    model TEXT NOT NULL,
    seconds REAL NOT NULL,
    created INTEGER NOT NULL,
    request BLOB NOT NULL
) STRICT
"""

# A folder is written as it is seen from the folder of the ledger. `keys` holds some 32-byte call keys, one after the
# other, with repetitions: to keep a row for each use would cost as much as the replies themselves.
_RUNS = (
    """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    folder TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    status TEXT NOT NULL
) STRICT
""",
    "CREATE TABLE uses (run INTEGER NOT NULL, keys BLOB NOT NULL) STRICT",
    "CREATE INDEX uses_of_run ON uses (run)",
)

# Attempts beyond those of a step, by the key of the first call of a sample: see `Grant`.
_GRANTS = """
CREATE TABLE grants (
    key BLOB NOT NULL CHECK (length(key) = 32),
    attempt INTEGER NOT NULL,
    model TEXT NOT NULL,
    identity TEXT NOT NULL,
    round INTEGER NOT NULL,
    PRIMARY KEY (key, attempt)
) STRICT, WITHOUT ROWID
"""

# What was found out about a model at an address by asking it; see `learned`.
_TRAITS = """
CREATE TABLE traits (
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    learned INTEGER NOT NULL,
    PRIMARY KEY (endpoint, model, name)
) STRICT
"""

# Of which replies that is what is kept of steps beside the ledger: those of this file, with none taken out since.
_GENERATION = (
    "CREATE TABLE generation (mark BLOB NOT NULL) STRICT",
    "INSERT INTO generation VALUES (randomblob(16))",
)

# What a run has paid until now, with the runs that it goes on with: also for one that was killed.
_PAYMENTS = "CREATE TABLE payments (run INTEGER PRIMARY KEY, paid TEXT NOT NULL) STRICT"

_LEARNED: tuple[str, ...] = (_GRANTS, _TRAITS, *_GENERATION, _PAYMENTS)
"""Statements of version 3."""

_MADE_BY: tuple[tuple[str, ...], ...] = ((_REPLIES,), _RUNS, _LEARNED)
"""What each version has added to the one before, from the first on."""

_CACHE_KB = 32_768
"""Room for the inner pages of a few million replies: a lookup then reads two pages. Taken as it is needed."""

_PERMISSIONS = "check the permissions of the file and of its folder"

_OPEN_RETRIES = 200
_OPEN_PAUSE_S = 0.05


def connect(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """Open a ledger, creating it when missing. Several processes may do so at once.

    The connection may be used from one thread after another, not from two at a time. Raises `LedgerError`.
    """
    connection: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not os.access(path, os.W_OK):  # SQLite would open it, and leave a log that stays read-only
            raise LedgerReadOnly(f"cannot write to the ledger `{path}`: permission denied", _PERMISSIONS)
        connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
        _check_and_create(connection, path)
        use_wal(connection, path)
        # FULL: every commit reaches the disk before it is acknowledged. Group commit shares the cost.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
    except OSError as error:
        raise LedgerError(f"cannot create the folder of the ledger `{path}`: {error.strerror}") from error
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise translated(error, path) from error
    except LedgerError:
        if connection is not None:
            connection.close()
        raise
    return connection


def connect_existing(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """As `connect`, but a ledger that is not there is an error."""
    if not path.is_file():
        raise LedgerError(f"there is no ledger `{path}`", "name the file with `--ledger`")
    return connect(path, busy_timeout_s=busy_timeout_s)


def connect_reading(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """As `connect_existing`, for a look: also into a ledger that may not be written, or whose folder may not."""
    try:
        return connect_existing(path, busy_timeout_s=busy_timeout_s)
    except LedgerReadOnly:
        # Without a log nobody is writing, and the file alone is all there is; with one, it has replies of its own.
        log = path.with_name(f"{path.name}-wal")
        how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
        return _connect_read_only(path, f"{path.resolve().as_uri()}?{how}", busy_timeout_s)


def _connect_read_only(path: Path, uri: str, busy_timeout_s: float) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        if _version(connection, path) != VERSION:
            told = f"the ledger `{path}` is of an earlier version, and may not be brought up to date"
            raise LedgerReadOnly(told, "make it and its folder writable, or name a copy with `--ledger`")
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise translated(error, path) from error
        raise
    return connection


def check_writable(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `LedgerError` when nothing can be put into a ledger. To begin to write is no proof: SQLite then reads."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(f"PRAGMA user_version = {VERSION}")
        finally:
            connection.rollback()
    except sqlite3.Error as error:
        raise translated(error, path) from error


def _check_and_create(connection: sqlite3.Connection, path: Path) -> None:
    if _marks(connection) == (APPLICATION_ID, VERSION):
        return
    # Anything else may be half of what another process is writing: look again with the file to ourselves.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, path)
        for statement in itertools.chain(*_MADE_BY[version:]):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    """What the file says it is: the application and the version of its format."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a ledger, 0 for an empty file. Raises `LedgerError` for anything else."""
    application, version = _marks(connection)
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application == APPLICATION_ID and 1 <= version <= VERSION:
        return version
    if application == APPLICATION_ID:
        raise LedgerError(
            f"the ledger `{path}` has format {version}, this version of atk-interp reads format {VERSION}",
            "update atk-interp, or name another file with `--ledger`",
        )
    if application or version or tables:
        raise LedgerError(
            f"`{path}` is a database of another program, not a ledger", "name another file with `--ledger`"
        )
    return 0


def use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to write-ahead logging. SQLite does not wait by itself when another process is switching."""
    for _ in range(_OPEN_RETRIES):
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            time.sleep(_OPEN_PAUSE_S)
            continue
        if mode != "wal":
            raise LedgerError(
                f"the ledger `{path}` is on a file system that cannot share it between processes",
                "name a file on a local disk with `--ledger`",
            )
        return
    raise LedgerError(f"the ledger `{path}` is locked by another process", "wait for it, or stop it")


def _is_busy(error: sqlite3.Error) -> bool:
    # The low byte is the primary code; the rest says which kind of busy.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def translated(error: sqlite3.Error, path: Path) -> LedgerError:
    """What an SQLite error means for a person."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and no_room(path.parent)):
        return LedgerFull(path)
    if code == sqlite3.SQLITE_NOTADB:
        return LedgerError(f"`{path}` is not a ledger", "name another file with `--ledger`")
    if code == sqlite3.SQLITE_CORRUPT:
        return LedgerError(
            f"the ledger `{path}` is damaged: {error}", f"save what is left with `sqlite3 {path} .recover`"
        )
    if _is_busy(error):
        return LedgerError(f"the ledger `{path}` is locked by another process", "wait for it, or stop it")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return LedgerReadOnly(f"cannot write to the ledger `{path}`: {error}", _PERMISSIONS)
    return LedgerError(f"the ledger `{path}` failed: {error}", "check the disk, then run the same command again")
