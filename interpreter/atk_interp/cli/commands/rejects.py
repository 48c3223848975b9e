"""`atk-interp rejects`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atk_interp.cli.exits import IMPOSSIBLE, OK
from atk_interp.cli.output import complain, counted, notice, say
from atk_interp.cli.preparing import reported
from atk_interp.printable import printable

if TYPE_CHECKING:
    from atk_interp.report.rejected import Group, Line, Rejection

__all__ = ["command"]

_LONGEST = 2_000
_MOST_GROUPS = 50


@click.command(name="rejects")
@click.argument("run", required=False)
@click.option(
    "--step", default="", metavar="STEP", help="Only rows that this step has lost; `output NAME` for an output."
)
@click.option("--reason", default="", metavar="TEXT", help="Only rows that were lost for this, or a part of it.")
@click.option("--filtered", is_flag=True, help="Also rows that a rule has filtered, which is no failure.")
@click.option("--limit", type=click.IntRange(0), metavar="N", help="Rows shown of each reason: 3 as text, all as JSON.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger, to find the latest run in.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(
    run: str | None, step: str, reason: str, filtered: bool, limit: int | None, ledger: Path | None, format_: str
) -> int:
    """Read the rows that were rejected, by reason: their fields, every attempt, and the raw replies.

    RUN is an output folder, a config or spec whose output folder is known, or nothing for the latest run of the
    project. Of each reason some rows are shown, which a hash chooses. With `--format json` the records are lines as in
    `rejected.jsonl`, in its order.
    """

    def show_them() -> int:
        from atk_interp.pipeline.past import run_folder

        path = run_folder(run, ledger) / "rejected.jsonl"
        if not path.is_file():
            complain(f"`{path}` is not there", "run the pipeline again, from the ledger, and it will be")
            return IMPOSSIBLE
        try:
            if format_ == "json":
                _show_json(path, _Wanted(step, reason, filtered), limit)
            else:
                _show(path, _Wanted(step, reason, filtered), 3 if limit is None else limit)
        except OSError as error:
            complain(f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}")
            return IMPOSSIBLE
        return OK

    return reported(show_them)


class _Wanted:
    """Which groups are asked for."""

    def __init__(self, step: str, reason: str, filtered: bool) -> None:
        self.step, self.reason, self.filtered = step, reason.casefold(), filtered

    @property
    def is_anything(self) -> bool:
        return not self.step and not self.reason

    def __contains__(self, group: Group | Line) -> bool:
        if self.step and group.step != self.step:
            return False
        if self.reason and self.reason not in group.label.casefold():
            return False
        return group.outcome != "filtered" or self.filtered or not self.is_anything


def _show_json(path: Path, wanted: _Wanted, limit: int | None) -> None:
    """The records as they stand in the file: nothing is kept but how many of each reason were shown."""
    from atk_interp.report.rejected import lines_of

    shown: dict[tuple[str, str, str], int] = {}
    with path.open("rb") as stream:
        for line in lines_of(path):
            key = (line.step, line.outcome, line.label)
            if line not in wanted or (limit is not None and shown.get(key, 0) >= limit):
                continue
            if limit is not None:
                shown[key] = shown.get(key, 0) + 1
            stream.seek(line.at)
            say(stream.readline().decode("utf-8", "replace").rstrip("\n"))


def _show(path: Path, wanted: _Wanted, limit: int) -> None:
    from atk_interp.report.rejected import grouped

    groups = grouped(path, limit)
    found = sorted((group for group in groups if group in wanted), key=lambda group: -group.count)
    if not groups and path.stat().st_size:
        complain(f"`{path}` holds nothing that can be read", "run the pipeline again, from the ledger")
        return
    if not found:
        _say_nothing_found(groups, wanted)
        return
    for group in found[:_MOST_GROUPS]:
        say(f"{group.step}: {counted(group.count, 'row')} {group.outcome}: {group.label}")
        for rejection in _examples(path, group):
            say("\n".join(_lines(rejection)))
        if group.examples:
            say()
    beyond = found[_MOST_GROUPS:]
    if beyond:
        rows = counted(sum(group.count for group in beyond), "row")
        notice(f"and {counted(len(beyond), 'more reason')} for {rows}: choose some with `--step` or `--reason`")
    filtered = sum(group.count for group in groups if group.outcome == "filtered" and group not in wanted)
    if filtered and wanted.is_anything:
        notice(f"{counted(filtered, 'row')} filtered besides, which `--filtered` shows")


def _say_nothing_found(groups: list[Group], wanted: _Wanted) -> None:
    passed = sum(group.count for group in groups if group.outcome == "filtered")
    if not wanted.is_anything:
        steps = ", ".join(f"`{step}`" for step in dict.fromkeys(group.step for group in groups))
        notice("no row was lost so" + (f"; rows were lost in {steps}" if steps else ""))
    else:
        notice(
            "no row was rejected" + (f"; {counted(passed, 'row')} filtered, which `--filtered` shows" if passed else "")
        )


def _examples(path: Path, group: Group) -> Iterator[Rejection]:
    from atk_interp.report.rejected import read_at

    for at in group.examples:
        try:
            yield read_at(path, at)
        except ValueError:  # a line that is half written
            continue


def _lines(rejection: Rejection) -> Iterator[str]:
    yield f"\n  row {rejection.row}" + (f", from {rejection.source}" if rejection.source else "")
    for name, given in rejection.fields.items():
        shown = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)
        yield from _indented(f"{name}: ", shown, "    ")
    for attempt in rejection.attempts:
        yield f"    {_numbered(attempt)}: {attempt.get('reason', '')}"
        yield from _indented("", str(attempt.get("reply") or "(an empty reply)"), "      | ")


def _numbered(attempt: Any) -> str:
    sample = f"sample {attempt['sample'] + 1}, " if attempt.get("sample") else ""
    finish = attempt.get("finish")
    ended = f" (ended by {finish})" if finish and finish != "stop" else ""
    return f"{sample}attempt {int(attempt.get('attempt') or 0) + 1}{ended}"


def _indented(head: str, text: str, indent: str) -> Iterator[str]:
    """A text below its head, cut where it is very long."""
    beyond = len(text) - _LONGEST
    lines = printable(text[:_LONGEST] if beyond > 0 else text).splitlines() or [""]
    first = islice(lines, 1, None)
    yield f"{indent}{head}{lines[0]}"
    yield from (f"{indent}{line}" for line in first)
    if beyond > 0:
        yield f"{indent}… ({beyond:,} more characters)"
