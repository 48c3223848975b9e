"""Whether the files of a run are what its plan and the ledger give: all of it is made again, and compared by bytes."""

from __future__ import annotations

import contextlib
import csv
import datetime
import filecmp
import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from atk_interp.formats.files import FORMS, FileForm
from atk_interp.kinds.base import Dropped, SourceStep, StepStopped
from atk_interp.ledger.base import StoredReply
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.rehearsal.found import row_of_line
from atk_interp.rehearsal.recall import AskedCall
from atk_interp.rehearsal.stage import Rehearsed, Witness, must_exist, rehearse
from atk_interp.runtime.prefix import Prefix
from atk_interp.runtime.publish import Collector, file_of
from atk_interp.values import decode

__all__ = ["CountDiffers", "FileVerdict", "Missing", "Verification", "verify"]

_COUNTS = ("rows_in", "passed", "filtered", "rejected", "merged", "rows_out", "refused", "skipped", "labels")
"""What is the same each time; who was paid for a reply is not."""

_REJECTED = "rejected.jsonl"


@dataclass(frozen=True)
class FileVerdict:
    """One file of a run. Its `lines` are all right when `line` is None, and else that is the first that differs.

    `found` is the line as it is, `expected` as it should be; None where the file has ended. `step` and `row` are what
    the line that should stand there was made of. A file of a run that was stopped is `partial`: it may lack lines, and
    has none that it should not have. In a file that is no lines each line is a record, as JSON: its `unit` says so.
    """

    name: str
    lines: int
    partial: bool = False
    unit: str = "line"
    line: int | None = None
    found: str | None = None
    expected: str | None = None
    step: str = ""
    row: str = ""
    source: str = ""


@dataclass(frozen=True)
class Missing:
    """Calls of a step whose replies the ledger does not have. `first` is one of them."""

    count: int
    first: AskedCall


@dataclass(frozen=True)
class CountDiffers:
    """A count of a step that is not as recorded."""

    step: str
    count: str
    recorded: Any
    now: Any


@dataclass(frozen=True)
class Verification:
    """What came of making a run again. `changed` are files that are not as they were, whatever that has led to."""

    status: str
    replies: int
    files: tuple[FileVerdict, ...]
    missing: Mapping[str, Missing]
    counts: tuple[CountDiffers, ...]
    changed: tuple[str, ...]
    error: Exception | None

    @property
    def holds(self) -> bool:
        """Whether everything that can be compared is the same."""
        stopped = self.error is not None and self.status == "done"
        lacking = bool(self.missing) and self.status == "done"
        return not (stopped or lacking or self.counts or any(file.line is not None for file in self.files))


async def verify(plan: Plan, ledger: Path, folder: Path, record: Mapping[str, Any]) -> Verification:
    """Make the run into a folder again from the ledger alone, and compare. `record` is its `run.json`.

    The outputs of a run that was stopped are compared line by line (or record by record) with those of the whole run,
    as far as the ledger goes. Raises `LedgerError`, also when there is no ledger, and `CannotWrite` when there is no
    room for the files.
    """
    must_exist(plan, ledger)
    done = record["status"] == "done"
    prefix = Prefix.of(plan)
    heard = _Heard()
    with contextlib.closing(Collector(plan, prefix)) as collector, tempfile.TemporaryDirectory() as made:

        def lost(step: PlannedStep, dropped: Dropped) -> None:
            collector.dropped(step, dropped)

        witness = Witness(row=collector.row, dropped=lost, refused=lost, following=collector)
        rehearsed = await rehearse(plan, ledger, heard, witness=witness, prefix=prefix)
        collector.publish(Path(made), True, list(rehearsed.states.values()))
        files = []
        for name in [*plan.outputs, _REJECTED]:
            verdict = await _compared(plan, ledger, folder, Path(made), name, done)
            files += [] if verdict is None else [verdict]
    counts = tuple(_counts(record, rehearsed)) if done else ()
    changed = tuple(_changed(plan, record))
    return Verification(
        record["status"], heard.replies, tuple(files), heard.missing_of, counts, changed, rehearsed.error
    )


@dataclass
class _Heard:
    """Counts replies, and the calls without one."""

    replies: int = 0
    missing_of: dict[str, Missing] = field(default_factory=dict)

    def found(self, call: AskedCall, reply: StoredReply) -> None:
        self.replies += 1

    def missing(self, call: AskedCall) -> None:
        before = self.missing_of.get(call.step.name)
        self.missing_of[call.step.name] = (
            Missing(1, call) if before is None else Missing(before.count + 1, before.first)
        )


async def _compared(plan: Plan, ledger: Path, folder: Path, made: Path, name: str, done: bool) -> FileVerdict | None:
    is_output = name != _REJECTED
    there = file_of(folder, name, plan, done) if is_output else folder / name
    whole = file_of(made, name, plan, True) if is_output else made / name
    is_partial = not done
    form = plan.outputs[name].form if is_output else "lines"
    if form == "document" and is_partial:  # it tells of the run as it was when it stopped
        return None
    if form in ("lines", "document") or not there.is_file():
        verdict = _lines_compared(there, whole, is_partial)
    else:
        verdict = _records_compared(there, whole, is_partial, FORMS[form])
    if verdict.line is None:
        return verdict
    if not is_output:
        return _of_rejected(verdict)
    found = await row_of_line(plan, ledger, name, verdict.line) if not is_partial else None
    if found is None:
        return verdict
    return _with_row(verdict, found.step, found.row.id, found.row.source)


def _lines_compared(there: Path, made: Path, partial: bool) -> FileVerdict:
    """Compare two files line by line; of a partial one, every line must stand in the other, in the same order."""
    if not there.is_file():
        if partial:
            return FileVerdict(there.name, 0, partial)
        return FileVerdict(there.name, 0, partial, "line", 1, None, _first_line(made))
    with there.open("rb") as found, made.open("rb") as expected:
        for number in itertools.count():
            line, other = found.readline(), expected.readline()
            while partial and line and other and line != other:
                other = expected.readline()
            if line != other and (line or not partial):
                return FileVerdict(there.name, number, partial, "line", number + 1, _text(line), _text(other))
            if not line:
                break
    return FileVerdict(there.name, number, partial)


def _records_compared(there: Path, made: Path, partial: bool, form: FileForm) -> FileVerdict:
    """As `_lines_compared`, for files whose bytes depend on all of their records; of a whole one, these count too."""
    expected, number = _records(made, form), 0
    for number, record in enumerate(_records(there, form), 1):
        other = next(expected, None)
        while partial and other is not None and record != other:
            other = next(expected, None)
        if record != other:
            return FileVerdict(there.name, number - 1, partial, "record", number, record, other)
    lacking = None if partial else next(expected, None)
    if lacking is not None:
        return FileVerdict(there.name, number, partial, "record", number + 1, None, lacking)
    if not partial and not filecmp.cmp(there, made, shallow=False):
        told = ("the same records, in other bytes", "the bytes that a run writes")
        return FileVerdict(there.name, number, partial, "record", max(1, number), *told)
    return FileVerdict(there.name, number, partial, "record")


def _records(path: Path, form: FileForm) -> Iterator[str]:
    """The records of a file as JSON: fields without a value left out, as later records may bring columns with them.

    What cannot be read is one more record, which says so.
    """
    try:
        for record in form.read(path):
            yield json.dumps(_with_values(record), ensure_ascii=False, default=str)
    except (ValueError, OSError, csv.Error) as error:
        yield f"cannot be read: {error}"


def _with_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_values(part) for key, part in value.items() if part not in (None, "")}
    return list(map(_with_values, value)) if isinstance(value, list) else value


def _first_line(path: Path) -> str | None:
    with path.open("rb") as stream:
        return _text(stream.readline())


def _text(line: bytes) -> str | None:
    return line.decode("utf-8", "replace").rstrip("\n") if line else None


def _of_rejected(verdict: FileVerdict) -> FileVerdict:
    """With the step and row of a line of `rejected.jsonl`, which says them itself."""
    for line in (verdict.expected, verdict.found):
        try:
            told: Any = decode((line or "").encode())
            return _with_row(verdict, str(told["step"]), str(told["row"]), str(told["source"]))
        except (ValueError, TypeError, KeyError):
            continue
    return verdict


def _with_row(verdict: FileVerdict, step: str, row: str, source: str) -> FileVerdict:
    return replace(verdict, step=step, row=row, source=source)


def _counts(record: Mapping[str, Any], rehearsed: Rehearsed) -> Iterator[CountDiffers]:
    recorded = {step["name"]: step for step in record["steps"]}
    for name in dict.fromkeys([*recorded, *rehearsed.states]):
        for count in _COUNTS:
            before = recorded.get(name, {}).get(count)
            now = getattr(rehearsed.states.get(name), count, None)
            if before != now:
                yield CountDiffers(name, count, before, now)


def _changed(plan: Plan, record: Mapping[str, Any]) -> Iterator[str]:
    """The files that are not as they were when the run began."""
    for what, now, before in (
        ("spec", plan.specs, record["made_by"]["specs"]),
        ("prompt", plan.prompts, record["prompts"]),
    ):
        known = set(now.values())  # by what they hold: their names depend on where one stands
        yield from (f"{what} `{path}`" for path, digest in before.items() if digest not in known)
    begun = datetime.datetime.fromisoformat(record["started"]).timestamp()
    for step in plan.steps.values():
        if isinstance(step.runner, SourceStep) and step.runner.reads is not None:
            with contextlib.suppress(OSError, StepStopped):
                yield from (f"input `{path}`" for path in step.runner.reads() if path.stat().st_mtime > begun + 1)
