"""`atk-interp ledger`."""

from __future__ import annotations

import datetime
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import complain, notice, put, put_bytes, say

if TYPE_CHECKING:
    from atk_interp.ledger.prune import Pruning
    from atk_interp.ledger.report import LedgerReport, Share

__all__ = ["command"]

_SHOWN_RUNS = 10
_SHOWN_KEYS = 3
_SHOWN_LINES = 20
_UNIT_S = {"h": 3600, "d": 86_400, "w": 604_800}

_place = click.option(
    "--ledger", type=click.Path(path_type=Path), help="Another ledger than `.atk/ledger.db` of the project."
)


@click.group(name="ledger")
def command() -> None:
    """Look into the store of paid calls; prune, export and import it."""


# -- stats --------------------------------------------------------------------------------------------------------


@command.command()
@_place
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def stats(ledger: Path | None, format_: str) -> int:
    """Say what is in the ledger: calls, tokens, models, pipelines, runs."""
    from atk_interp.ledger import LedgerError
    from atk_interp.ledger.report import report

    try:
        found = report(_path(ledger))
    except LedgerError as error:
        return _refused(error)
    if format_ == "json":
        say(_as_json(found))
    else:
        _show(found)
    return OK


def _as_json(found: LedgerReport) -> str:
    import json
    from dataclasses import asdict

    runs = [
        {
            "folder": run.folder,
            "pipeline": run.pipeline,
            "started": run.started,
            "ended": run.ended,
            "status": run.status,
            "calls": calls,
        }
        for run, calls in found.runs
    ]
    return json.dumps({"version": 1, **asdict(found), "path": str(found.path), "runs": runs}, indent=2)


def _show(found: LedgerReport) -> None:
    from atk_interp.ledger.places import folder_path
    from atk_interp.ledger.room import size

    say(f"{_shown(found.path)}: {found.total.calls:,} calls, {size(found.file_bytes)}")
    if found.oldest is None or found.newest is None:
        return
    say(f"tokens: {found.total.input_tokens:,} in, {found.total.output_tokens:,} out")
    say(f"from {_day(found.oldest)} to {_day(found.newest)}")
    _show_shares("models", {name or "(not said)": share for name, share in found.models.items()})
    if found.pipelines:
        _show_shares("pipelines, by the runs into folders that are known", found.pipelines)
        say(f"\nused by no run that is known: {found.unused:,} calls")
    if found.grants:
        say(f"\ngranted to rejected rows: {found.grants:,} further attempts")
    if found.runs:
        say("\nruns, the latest first:")
    for run, calls in found.runs[:_SHOWN_RUNS]:
        folder = _shown(folder_path(found.path, run.folder))
        say(f"  {_day(run.started)}  {run.pipeline}  {calls:,} calls  {_status(run.status)}  {folder}")
    if len(found.runs) > _SHOWN_RUNS:
        say(f"  and {len(found.runs) - _SHOWN_RUNS} more (`--format json` has all)")
    if found.traits:
        say("\nlearned of endpoints, until `ledger forget`:")
    for trait in found.traits:
        say(f"  {trait.endpoint}  {trait.model}  {trait.name}: {trait.value}")


def _show_shares(title: str, shares: dict[str, Share]) -> None:
    from atk_interp.ledger.room import size

    say(f"\n{title}:")
    width = max(len(name) for name in shares)
    for name, share in shares.items():
        tokens = f"{share.input_tokens:,} tokens in, {share.output_tokens:,} out"
        say(f"  {name:{width}}  {share.calls:,} calls, {size(share.bytes)}, {tokens}")


def _shown(path: Path) -> str:
    """A path from the working folder, where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _day(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M")


def _status(status: str) -> str:
    return "under way or killed" if status == "running" else status


# -- forget -------------------------------------------------------------------------------------------------------


@command.command()
@_place
@click.option("--endpoint", metavar="ADDRESS", help="Only what was learned of this address.")
def forget(ledger: Path | None, endpoint: str | None) -> int:
    """Forget what was learned of endpoints, so that it is tried again. No call is forgotten."""
    from atk_interp.ledger import LedgerError
    from atk_interp.ledger.learned import forget_traits

    try:
        count = forget_traits(_path(ledger), endpoint)
    except LedgerError as error:
        return _refused(error)
    say(f"forgot {count} thing{'s' if count != 1 else ''} that {'were' if count != 1 else 'was'} learned of endpoints")
    return OK


# -- prune --------------------------------------------------------------------------------------------------------


@command.command()
@_place
@click.option("--older-than", metavar="TIME", help="Calls made longer ago than this: `12h`, `30d`, `8w`.")
@click.option("--not-in", type=click.Path(path_type=Path), multiple=True, metavar="RUN", help="Not used by this run.")
@click.option("--keep-latest", type=click.IntRange(min=1), metavar="N", help="Not used by the latest N runs.")
@click.option("--model", default="", metavar="NAME", help="Answered by this model, as the endpoint names it.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def prune(
    ledger: Path | None,
    older_than: str | None,
    not_in: tuple[Path, ...],
    keep_latest: int | None,
    model: str,
    dry_run: bool,
    yes: bool,
) -> int:
    """Delete calls for good: those for which all that is given holds.

    RUN is an output folder; the calls that a run has used are known from its record in the ledger.
    """
    from atk_interp.ledger import LedgerError
    from atk_interp.ledger.prune import Selection, pruning

    if not (older_than or not_in or keep_latest or model):
        complain("which calls are to go is not said", "give `--older-than`, `--not-in`, `--keep-latest` or `--model`")
        return IMPOSSIBLE
    try:
        before = None if older_than is None else int(time.time()) - _seconds(older_than)
        selection = Selection(before, not_in, keep_latest or 0, model)
        with pruning(_path(ledger), selection) as marked:
            return _pruned(marked, dry_run, yes)
    except ValueError as error:
        complain(str(error), "write a number and `h`, `d` or `w`, such as `30d`")
        return IMPOSSIBLE
    except LedgerError as error:
        return _refused(error)


def _pruned(marked: Pruning, dry_run: bool, yes: bool) -> int:
    from atk_interp.ledger import LedgerError
    from atk_interp.ledger.room import size

    what = f"{marked.calls:,} of {marked.total:,} calls, about {size(marked.bytes)}"
    if dry_run or not marked.calls:
        say(f"would delete {what}" if marked.calls else "there is nothing to delete")
        return OK
    if not yes and not _agreed(f"delete {what}? they would have to be paid again"):
        return IMPOSSIBLE
    marked.delete()
    try:
        freed = marked.shrink()
    except LedgerError as error:
        say(f"deleted {what}")
        notice(f"the file keeps its size for now, and its room is used again: {error}")
        return OK
    say(f"deleted {what}; the file is {size(freed)} smaller")
    return OK


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        complain("nothing was deleted, because nobody can be asked", "give `--yes`, after a look with `--dry-run`")
        return False
    if click.confirm(question):
        return True
    notice("nothing was deleted")
    return False


def _seconds(text: str) -> int:
    """A time such as `30d`, in seconds. Raises `ValueError`."""
    match = re.fullmatch(r"(\d+)([hdw])", text.strip())
    if match is None:
        raise ValueError(f"`{text}` is no time")
    return int(match[1]) * _UNIT_S[match[2]]


# -- export and import --------------------------------------------------------------------------------------------


@command.command()
@_place
@click.option("--run", type=click.Path(path_type=Path), help="Only the calls that the run into this folder has used.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="A file in place of the standard output.")
def export(ledger: Path | None, run: Path | None, output: Path | None) -> int:
    """Write calls as JSON Lines: a cassette that `import` reads elsewhere."""
    from atk_interp.formats.atomic import CannotWrite, writer_to
    from atk_interp.ledger import LedgerError
    from atk_interp.ledger.transfer import export_calls

    try:
        if output is None:
            count, missing = export_calls(_path(ledger), put_bytes, run)
            put("")
        else:
            with writer_to(output) as write:
                count, missing = export_calls(_path(ledger), write, run)
    except (LedgerError, CannotWrite) as error:
        return _refused(error)
    notice(f"{count:,} calls exported" + (f" to {output}" if output else ""))
    if missing:
        notice(f"{missing:,} calls that the run has used are not in the ledger any more")
        return FINDINGS
    return OK


@command.command(name="import")
@click.argument("file", type=click.File("rb"))
@_place
@click.option("--strict", is_flag=True, help="Import nothing when a line is no call.")
def import_(file: Any, ledger: Path | None, strict: bool) -> int:
    """Put the calls of an export into the ledger.

    FILE is what `export` has written, or `-` for the standard input. Calls that are there already stay as they are.
    """
    from atk_interp.ledger import LedgerError
    from atk_interp.ledger.transfer import BadLines, import_calls

    try:
        done = import_calls(_path(ledger), file, strict=strict)
    except BadLines as error:
        _tell_lines(list(map(str, error.lines)))
        return _refused(error)
    except LedgerError as error:
        return _refused(error)
    _tell_lines(list(map(str, done.bad)))
    granted = f", and {done.grants:,} further attempts that rejected rows may make" if done.grants else ""
    say(f"{done.added:,} calls imported, {done.present:,} were there already{granted}")
    if done.differing:
        shown = ", ".join(f"`{key[:12]}…`" for key in done.differing[:_SHOWN_KEYS])
        notice(f"{len(done.differing):,} calls have another reply in the ledger, which stands: {shown}")
    return FINDINGS if done.bad else OK


def _tell_lines(lines: list[str]) -> None:
    for line in lines[:_SHOWN_LINES]:
        notice(f"left out: {line}")
    if len(lines) > _SHOWN_LINES:
        notice(f"and {len(lines) - _SHOWN_LINES} more lines")


def _path(ledger: Path | None) -> Path:
    from atk_interp.ledger.places import default_ledger

    return ledger or default_ledger()


def _refused(error: Any) -> int:
    complain(str(error), error.help)
    return IMPOSSIBLE
