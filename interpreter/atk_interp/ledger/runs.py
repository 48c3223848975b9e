"""The runs that a ledger knows, and the calls that each has used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from atk_interp.ledger.base import LedgerError
from atk_interp.ledger.places import folder_name, folder_path
from atk_interp.ledger.schema import connect_existing, translated
from atk_interp.ledger.uses import keys_in
from atk_interp.records import dataclass

__all__ = ["KnownRun", "known_runs", "latest_folders", "mark_keys", "runs_of", "used_keys"]

_BUSY_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class KnownRun:
    """All that was run into one output folder and still counts.

    `ids` are more than one while runs have not come to their end. Times are in seconds since 1970; `status` is
    `running` as well for a run that was killed.
    """

    folder: str
    pipeline: str
    started: int
    ended: int | None
    status: str
    ids: tuple[int, ...]


def known_runs(connection: sqlite3.Connection) -> list[KnownRun]:
    """The runs of a ledger, the latest first, one for each folder."""
    found: dict[str, KnownRun] = {}
    for id_, folder, pipeline, started, ended, status in connection.execute(
        "SELECT id, folder, pipeline, started, ended, status FROM runs ORDER BY id DESC"
    ):
        later = found.get(folder)
        if later is None:
            found[folder] = KnownRun(folder, pipeline, started, ended, status, (id_,))
        else:
            ids = (*later.ids, id_)
            found[folder] = KnownRun(folder, later.pipeline, later.started, later.ended, later.status, ids)
    return list(found.values())


def latest_folders(path: Path) -> list[Path]:
    """The output folders of the runs that have used a ledger, the latest first. Raises `LedgerError`."""
    connection = connect_existing(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        return [folder_path(path, run.folder) for run in known_runs(connection)]
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def runs_of(connection: sqlite3.Connection, ledger: Path, folders: Iterable[Path]) -> list[KnownRun]:
    """The runs into some folders. Raises `LedgerError`, naming those that there are, for a folder without one."""
    known = {run.folder: run for run in known_runs(connection)}
    found = []
    for folder in folders:
        run = known.get(folder_name(ledger, folder))
        if run is None:
            raise LedgerError(f"no run into `{folder}` has used the ledger `{ledger}`", _known(ledger, list(known)))
        found.append(run)
    return found


def _known(ledger: Path, folders: list[str]) -> str:
    if not folders:
        return "the ledger knows of no run; each run from now on is recorded"
    shown = ", ".join(f"`{folder_path(ledger, folder)}`" for folder in folders[:5])
    more = f" and {len(folders) - 5} others" if len(folders) > 5 else ""
    return f"runs were into {shown}{more}"


def used_keys(connection: sqlite3.Connection, runs: Iterable[KnownRun]) -> Iterable[bytes]:
    """The keys of all calls that some runs have used, with repetitions."""
    for run in runs:
        for id_ in run.ids:
            for (blob,) in connection.execute("SELECT keys FROM uses WHERE run = ?", (id_,)):
                yield from keys_in(blob)


def mark_keys(connection: sqlite3.Connection, keys: Iterable[bytes]) -> None:
    """Put keys into the temporary table `marked`, for queries to join."""
    connection.execute("DROP TABLE IF EXISTS temp.marked")
    connection.execute("CREATE TEMP TABLE marked (key BLOB PRIMARY KEY) WITHOUT ROWID")
    connection.executemany("INSERT OR IGNORE INTO temp.marked VALUES (?)", ((key,) for key in keys))
