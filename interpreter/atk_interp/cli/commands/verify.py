"""`atk-interp verify`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atk_interp.cli.exits import FINDINGS, OK
from atk_interp.cli.output import counted, notice, say
from atk_interp.cli.preparing import past, reported

if TYPE_CHECKING:
    from atk_interp.rehearsal.verified import FileVerdict, Missing, Verification

__all__ = ["command"]

_LONGEST = 300
_BEFORE = 100
_SHOWN = 5


@click.command(name="verify")
@click.argument("run", required=False)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="In place of a recorded parameter.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than that of the run.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(run: str | None, settings: tuple[str, ...], ledger: Path | None, format_: str) -> int:
    """Prove that the files of a run are what its spec, inputs and ledger give; nothing is sent.

    RUN is an output folder, a config or spec whose output folder is known, or nothing for the latest run of the
    project. All of it is made again in a temporary place, from the replies in the ledger, and compared byte for byte:
    the outputs, `rejected.jsonl`, and the counts in `run.json`. The exit code is 1 when something differs.
    """

    def verify_it() -> int:
        from atk_interp.rehearsal.verified import verify

        found = past(run, settings, ledger)
        told = asyncio.run(verify(found.plan(), found.ledger, found.folder, found.record))
        if format_ == "json":
            say(json.dumps(_as_json(told), ensure_ascii=False, indent=2))
        else:
            _tell(told)
        return OK if told.holds else FINDINGS

    return reported(verify_it)


def _as_json(told: Verification) -> dict[str, Any]:
    return {
        "holds": told.holds,
        "status": told.status,
        "replies": told.replies,
        "files": [asdict(file) for file in told.files],
        "missing": {
            step: {
                "calls": missing.count,
                "row": missing.first.row.id,
                "source": missing.first.row.source,
                "sample": missing.first.sample,
                "attempt": missing.first.attempt,
                "key": missing.first.key,
            }
            for step, missing in told.missing.items()
        },
        "counts": [asdict(count) for count in told.counts],
        "changed": list(told.changed),
        "error": str(told.error) if told.error is not None else None,
    }


def _tell(told: Verification) -> None:
    for step, missing in told.missing.items():
        _tell_missing(step, missing, told.status)
    for file in told.files:
        _tell_file(file)
    for differs in told.counts[:_SHOWN]:
        say(f"step `{differs.step}`: `{differs.count}` is recorded as {differs.recorded}, and is {differs.now}")
    if told.error is not None and told.status == "done":
        say(f"a run would stop: {told.error}")
    if told.changed:
        more = f" and {len(told.changed) - _SHOWN} more" if len(told.changed) > _SHOWN else ""
        without = ", without effect" if told.holds else ""
        say(f"changed since the run{without}: {', '.join(told.changed[:_SHOWN])}{more}")
    replies = "1 reply" if told.replies == 1 else f"{told.replies} replies"
    if not told.holds:
        say("not verified: the files are not what the spec, the inputs and the ledger give")
    elif told.status == "done":
        say(f"verified: made again from {replies} in the ledger, byte for byte")
    else:
        say(f"verified as far as it goes: the run ended `{told.status}`, and what it had by then is right")
        notice("  help: a run that is done is verified as a whole")


def _tell_file(file: FileVerdict) -> None:
    if file.line is None:
        say(f"{file.name}: {counted(file.lines, file.unit)}, as {'they' if file.lines != 1 else 'it'} should be")
        return
    made_of = (
        f" (step `{file.step}`, row {file.row}{f', from {file.source}' if file.source else ''})" if file.row else ""
    )
    say(f"{file.name}: differs, first in {file.unit} {file.line}{made_of}")
    at = _first_difference(file.found or "", file.expected or "")
    say(f"  is         {_excerpt(file.found, at)}")
    say(f"  should be  {_excerpt(file.expected, at)}")


def _first_difference(one: str, other: str) -> int:
    differing = (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return next(differing, min(len(one), len(other)))


def _excerpt(line: str | None, at: int) -> str:
    """A line around the character in which it differs."""
    if line is None:
        return "(nothing more)"
    begin = max(0, at - _BEFORE) if len(line) > _LONGEST else 0
    end = begin + _LONGEST
    return ("…" if begin else "") + line[begin:end] + ("…" if end < len(line) else "")


def _tell_missing(step: str, missing: Missing, status: str) -> None:
    first = missing.first
    source = f", from {first.row.source}" if first.row.source else ""
    lacks = "1 call has" if missing.count == 1 else f"{missing.count} calls have"
    still = "" if status == "done" else " yet"
    say(
        f"step `{step}`: {lacks} no reply in the ledger{still}, the first for row {first.row.id}{source} "
        f"(sample {first.sample}, attempt {first.attempt}, key {first.key})"
    )
