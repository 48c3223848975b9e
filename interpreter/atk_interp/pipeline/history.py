"""The runs of a project, from the record that its ledger keeps of them, and what each has left in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atk_interp.ledger.places import folder_path
from atk_interp.ledger.runs import KnownRun, runs_with_payments
from atk_interp.records import dataclass

__all__ = ["RunSummary", "history"]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The latest run into one folder. Times are in seconds since 1970.

    `status` is `running` as well for a run that was killed. `rows` are those of all outputs; they and `rejected` are
    None where the folder does not say, for the reason in `lacking`. `calls` and `usd` are what was paid, with the runs
    that it went on with; None where that is not known, `usd` also where no price is.
    """

    folder: Path
    pipeline: str
    status: str
    started: int
    ended: int | None
    rows: int | None
    rejected: int | None
    calls: int | None
    usd: float | None
    part: str
    lacking: str


def history(ledger: Path) -> list[RunSummary]:
    """The runs that have used a ledger, the latest first. Raises `LedgerError`."""
    return [_summary(ledger, run, paid) for run, paid in runs_with_payments(ledger)]


def _summary(ledger: Path, run: KnownRun, paid: str) -> RunSummary:
    folder = folder_path(ledger, run.folder)
    record, lacking = ({}, "not at its end") if run.ended is None else _record(folder)
    spent = _spent(paid) or _spent((record.get("spending") or {}).get("paid_with_resumes"))
    try:
        rows = sum(output["rows"] for output in record["outputs"]) if record else None
        rejected = sum(step["rejected"] for step in record["steps"]) if record else None
    except (KeyError, TypeError):
        rows = rejected = None
        lacking = "its `run.json` is of another version"
    return RunSummary(
        folder,
        run.pipeline,
        run.status,
        run.started,
        run.ended,
        rows,
        rejected,
        spent.get("calls"),
        spent.get("usd"),
        str(record.get("part") or ""),
        lacking,
    )


def _record(folder: Path) -> tuple[Mapping[str, Any], str]:
    """The record of a run, or why there is none."""
    if not folder.is_dir():
        return {}, "its folder is gone"
    try:
        record = json.loads((folder / "run.json").read_bytes())
    except FileNotFoundError:
        return {}, "it has left no `run.json`"
    except (OSError, ValueError):
        return {}, "its `run.json` cannot be read"
    return (record, "") if isinstance(record, dict) else ({}, "its `run.json` cannot be read")


def _spent(written: Any) -> Mapping[str, Any]:
    """What was paid, as the ledger or `run.json` has it; empty where it is not known."""
    try:
        found = json.loads(written) if isinstance(written, str) and written else written
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
