"""What is in a ledger: how many calls, of which models and pipelines, how large and how old."""

from __future__ import annotations

import sqlite3
from dataclasses import field
from pathlib import Path

from atk_interp.ledger.learned import Trait, traits_in
from atk_interp.ledger.room import file_bytes
from atk_interp.ledger.runs import KnownRun, known_runs, mark_keys, used_keys
from atk_interp.ledger.schema import connect_reading, translated
from atk_interp.records import dataclass

__all__ = ["LedgerReport", "Share", "report"]

_BUSY_TIMEOUT_S = 60.0

BYTES = "length(CAST(text AS BLOB)) + length(CAST(reasoning AS BLOB)) + length(request) + 100"
"""What a reply takes in the file, roughly: its texts, and the rest of the row with its place in the index."""

_SUMS = f"count(*), coalesce(sum({BYTES}), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0)"


@dataclass(frozen=True, slots=True)
class Share:
    """Some of the calls: those of a model, of a pipeline, or all."""

    calls: int = 0
    bytes: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The contents of a ledger. Times are in seconds since 1970; `unused` are the calls that no known run has used.

    A call that two pipelines have used counts for both. `runs` pairs each run with the number of its calls.
    """

    path: Path
    file_bytes: int
    total: Share
    oldest: int | None
    newest: int | None
    models: dict[str, Share]
    pipelines: dict[str, Share]
    unused: int
    grants: int
    """How many attempts are granted to rejected rows beyond those of their steps."""
    runs: list[tuple[KnownRun, int]]
    traits: list[Trait] = field(default_factory=list)
    """What was learned of endpoints."""


def report(path: Path) -> LedgerReport:
    """Read a whole ledger: blocking, seconds for a million calls. Raises `LedgerError`."""
    connection = connect_reading(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        return _report(connection, path)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def _report(connection: sqlite3.Connection, path: Path) -> LedgerReport:
    runs = known_runs(connection)
    oldest, newest = connection.execute("SELECT min(created), max(created) FROM replies").fetchone()
    models = _models(connection)
    pipelines = {
        name: _share(connection, [run for run in runs if run.pipeline == name])
        for name in dict.fromkeys(run.pipeline for run in runs)
    }
    mark_keys(connection, used_keys(connection, runs))
    unused = connection.execute(
        "SELECT count(*) FROM replies WHERE NOT EXISTS (SELECT 1 FROM temp.marked WHERE marked.key = replies.key)"
    ).fetchone()[0]
    return LedgerReport(
        path=path,
        file_bytes=file_bytes(path),
        total=Share(*map(sum, zip(*map(_numbers, models.values()), strict=True))),
        oldest=oldest,
        newest=newest,
        models=models,
        pipelines=pipelines,
        unused=unused,
        grants=connection.execute("SELECT count(*) FROM grants").fetchone()[0],
        runs=[(run, len(set(used_keys(connection, [run])))) for run in runs],
        traits=traits_in(connection),
    )


def _models(connection: sqlite3.Connection) -> dict[str, Share]:
    """The share of each model, the largest first. Summed here: to group them, SQLite would sort the replies whole."""
    sums: dict[str, list[int]] = {}
    for model, *numbers in connection.execute(f"SELECT model, {BYTES}, input_tokens, output_tokens FROM replies"):
        of_model = sums.setdefault(model, [0, 0, 0, 0])
        of_model[0] += 1
        for at, number in enumerate(numbers, 1):
            of_model[at] += number
    return {name: Share(*numbers) for name, numbers in sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))}


def _numbers(share: Share) -> tuple[int, int, int, int]:
    return share.calls, share.bytes, share.input_tokens, share.output_tokens


def _share(connection: sqlite3.Connection, runs: list[KnownRun]) -> Share:
    mark_keys(connection, used_keys(connection, runs))
    return Share(*connection.execute(f"SELECT {_SUMS} FROM replies JOIN temp.marked USING (key)").fetchone())
