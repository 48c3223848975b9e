"""`atk-interp runs`."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atk_interp.cli.exits import OK
from atk_interp.cli.output import notice, say
from atk_interp.cli.preparing import reported

if TYPE_CHECKING:
    from atk_interp.pipeline.history import RunSummary

__all__ = ["command"]

_HEADS = ("begun (UTC)", "pipeline", "status", "rows", "rejected", "calls paid", "USD", "folder")
_NUMBERS = (3, 4, 5, 6)


@click.command(name="runs")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than `.atk/ledger.db` of the project.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="The latest N.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(ledger: Path | None, limit: int, format_: str) -> int:
    """List the runs of the project, the latest first: one for each output folder.

    Calls paid and their cost are with those of the runs that it went on with. What is not known is `-`.
    """

    def list_them() -> int:
        from atk_interp.ledger.places import default_ledger
        from atk_interp.pipeline.history import history

        runs = history(ledger or default_ledger())
        if format_ == "json":
            say(json.dumps({"version": 1, "runs": [_as_json(run) for run in runs]}, ensure_ascii=False, indent=2))
            return OK
        if not runs:
            notice("no run has used this ledger")
            return OK
        say(_table([_HEADS, *map(_line, runs[:limit])]))
        if len(runs) > limit:
            notice(f"and {len(runs) - limit} earlier ones; `--limit {len(runs)}` shows all")
        return OK

    return reported(list_them)


def _as_json(run: RunSummary) -> dict[str, object]:
    return {**asdict(run), "folder": str(run.folder)}


def _line(run: RunSummary) -> tuple[str, ...]:
    begun = datetime.datetime.fromtimestamp(run.started, datetime.UTC).strftime("%Y-%m-%d %H:%M")
    status = "under way or killed" if run.status == "running" else run.status
    numbers = ("-" if number is None else f"{number:,}" for number in (run.rows, run.rejected, run.calls))
    usd = "-" if run.usd is None else f"{run.usd:,.2f}"
    gone = f" ({run.lacking})" if run.lacking and run.status != "running" else ""
    part = f" ({run.part})" if run.part else ""
    return (begun, run.pipeline, status + part, *numbers, usd, f"{_shown(run.folder)}{gone}")


def _shown(path: Path) -> str:
    """A path from the working folder, where it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _table(lines: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def placed(line: tuple[str, ...]) -> str:
        cells = zip(line, widths, strict=True)
        return "  ".join(
            cell.rjust(width) if number in _NUMBERS else cell.ljust(width) for number, (cell, width) in enumerate(cells)
        ).rstrip()

    return "\n".join(map(placed, lines))
