"""The runs that a ledger knows, and the calls that each has used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from atk_interp.ledger.base import LedgerError
from atk_interp.ledger.places import folder_name, folder_path
from atk_interp.ledger.schema import connect_reading, translated
from atk_interp.ledger.uses import keys_in
from atk_interp.records import dataclass

__all__ = [
    "KnownRun",
    "known_runs",
    "latest_folders",
    "mark_keys",
    "paid_by_unfinished",
    "runs_of",
    "runs_with_payments",
    "used_keys",
]

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
    return [folder_path(path, run.folder) for run, _ in runs_with_payments(path)]


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


def runs_with_payments(path: Path) -> list[tuple[KnownRun, str]]:
    """The runs of a ledger as `known_runs` has them, each with what its last one has put down of its payments.

    Raises `LedgerError`.
    """
    connection = connect_reading(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        paid = dict(connection.execute("SELECT run, paid FROM payments"))
        return [(run, paid.get(run.ids[0], "")) for run in known_runs(connection)]
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def paid_by_unfinished(connection: sqlite3.Connection, ledger: Path, folder: Path, pipeline: str) -> str:
    """What the last run of a pipeline into a folder has put down of its payments; empty when it is done."""
    found = connection.execute(
        "SELECT status, pipeline, paid FROM runs LEFT JOIN payments ON payments.run = runs.id "
        "WHERE folder = ? ORDER BY id DESC LIMIT 1",
        (folder_name(ledger, folder),),
    ).fetchone()
    if found is None or found[0] == "done" or found[1] != pipeline:
        return ""
    return found[2] or ""


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
