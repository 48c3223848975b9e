"""The files of rows that a run leaves: outputs and rejected rows. All in canonical order, all or nothing."""

from __future__ import annotations

import functools
import hashlib
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from atk_interp.formats.atomic import AtomicFile
from atk_interp.formats.files import FORMS, Layout
from atk_interp.formats.writers.base import RecordError
from atk_interp.kinds.base import AcceptedCall, Dropped
from atk_interp.plan import Plan, PlannedOutput, PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.accepted import AcceptedCalls
from atk_interp.runtime.books import OutputCount, Unbalanced
from atk_interp.runtime.documents import About, write_document
from atk_interp.runtime.events import Rejected, StepState
from atk_interp.runtime.prefix import Prefix
from atk_interp.runtime.spool import Spool
from atk_interp.values import Row, encode

__all__ = ["Collector", "Published", "file_of"]


@dataclass(frozen=True, slots=True)
class Published:
    """One output file: where it is and how many records it has. `complete` is false for a stopped run's.

    `form` is the form of the file; a document has no records in it, and `rows` are those that it is about.
    """

    name: str
    path: Path
    rows: int
    complete: bool
    form: str = "lines"


_MARK = struct.Struct(">HQ")
"""The root of a record, in front of it."""


class Collector:
    """Takes rows and losses as they come, from any thread, and writes them in order at the end.

    With a `prefix` a run that was stopped writes what belongs to it, and leaves out what had come beyond.
    """

    def __init__(self, plan: Plan, prefix: Prefix | None = None) -> None:
        self._plan = plan
        self._prefix = prefix
        places = [*((name, "step") for name in plan.steps), *((name, "output") for name in plan.outputs)]
        self._numbers = {place: number for number, place in enumerate(places)}
        self._outputs = {name: Spool() for name in plan.outputs}
        self._by_step: dict[str, list[PlannedOutput]] = {}
        self._by_asked: dict[str, list[PlannedOutput]] = {}
        """Of outputs that are made of calls, those that want the calls of a step."""
        for output in plan.outputs.values():
            if output.call is None:
                self._by_step.setdefault(output.source, []).append(output)
            for asked in output.asked if output.call is not None else ():
                self._by_asked.setdefault(asked, []).append(output)
        made = {name: AcceptedCalls(plan, output) for name, output in plan.outputs.items() if output.call is not None}
        self._calls = made
        """Of outputs that are made of calls, those that were accepted."""
        self._lineages = [calls.lineage for calls in made.values() if calls.lineage is not None]
        self._rejected = Spool()
        self._lock = threading.Lock()
        self.losing: Callable[[str, tuple[int, ...], bytes], None] = lambda step, order, record: None
        """Told of every line of `rejected.jsonl` that a step has made, with its place."""
        self._learned: dict[str, str] = {}
        """What steps have learned of their rows, for outputs of that."""
        self._left_out = dict.fromkeys(plan.outputs, 0)
        self._unwritable = dict.fromkeys(plan.outputs, 0)
        self._rejected_written: int | None = None

    def row(self, step: PlannedStep, row: Row) -> None:
        """A row has left a step: it becomes a record of every output of that step."""
        for lineage in self._lineages:
            lineage.row(step, row, self._prefix.here() if self._prefix is not None else (0, 0))
        for output in self._by_asked.get(step.name, ()):
            self._settle_calls(output, step.name, row)
        for output in self._by_step.get(step.name, ()):
            try:
                record = output.record(row)
            except RecordError as error:
                self._unwritten(output, row, str(error))
                continue
            if record is None:
                self._add(self._left_out, output)
            else:
                self._put(self._outputs[output.name], row.order, record)

    def _unwritten(self, output: PlannedOutput, row: Row, error: str) -> None:
        self._add(self._unwritable, output)
        dropped = Dropped(row, "rejected", error)
        self._reject(f"output {output.name}", self._numbers[output.name, "output"], dropped)
        if self._prefix is not None:
            self._prefix.dropped(f"output {output.name}", dropped)

    def _settle_calls(self, output: PlannedOutput, step: str, row: Row) -> None:
        for settled in self._calls[output.name].row(step, row):
            if settled.error:
                self._unwritten(output, row, settled.error)
            elif settled.record is None:
                self._add(self._left_out, output)
            else:
                self._put(self._outputs[output.name], settled.order, settled.record)

    def wants_calls(self, step: str) -> bool:
        """Whether an output is made of the accepted calls of a step."""
        return step in self._by_asked

    def accepted(self, step: PlannedStep, call: AcceptedCall) -> None:
        """A call was accepted, of which rows are about to leave the step."""
        for output in self._by_asked.get(step.name, ()):
            self._calls[output.name].accepted(step.name, call)

    def merged(self, step: PlannedStep, row: Row, members: Sequence[str]) -> None:
        """A row was made of several, whose ids these are."""
        for lineage in self._lineages:
            lineage.merged(step, row, members)

    def learned(self, step: PlannedStep, text: str) -> None:
        """A step has learned something of its rows; the last one counts."""
        if any(output.learned for output in self._by_step.get(step.name, ())):
            self._learned[step.name] = text

    def _put(self, spool: Spool, order: tuple[int, ...], record: bytes) -> None:
        spool.put(order, record if self._prefix is None else _MARK.pack(*self._prefix.here()) + record)

    def _add(self, counts: dict[str, int], output: PlannedOutput) -> None:
        with self._lock:
            counts[output.name] += 1

    def dropped(self, step: PlannedStep, dropped: Dropped) -> Rejected:
        """A row goes no further; it is kept with its reason and raw replies."""
        record = self._reject(step.name, self._numbers[step.name, "step"], dropped)
        self.losing(step.name, dropped.row.order, record)
        return Rejected(step.name, dropped.row.id, dropped.outcome, dropped.label)

    def restore(self, step: str, order: tuple[int, ...], record: bytes) -> None:
        """Take on a line of `rejected.jsonl` that a step has made in an earlier run."""
        self._put(self._rejected, (self._numbers[step, "step"], *order), record)

    def _reject(self, where: str, number: int, dropped: Dropped) -> bytes:
        row = dropped.row
        record = {
            "step": where,
            "outcome": dropped.outcome,
            "label": dropped.label,
            "row": row.id,
            "source": row.source,
            "fields": row.fields,
            "attempts": [attempt.as_json() for attempt in dropped.attempts],
        }
        line = encode(record) + b"\n"
        self._put(self._rejected, (number, *row.order), line)
        return line

    def counts(self) -> dict[str, OutputCount]:
        """What became of the rows (or calls) of each output. At the end: no row is under way."""
        return {name: self._count(name, spool) for name, spool in self._outputs.items()}

    def _count(self, name: str, spool: Spool) -> OutputCount:
        calls, left_out, unwritable = self._calls.get(name), self._left_out[name], self._unwritable[name]
        if calls is None:
            return OutputCount(spool.count, left_out, unwritable)
        as_put = calls.lineage is None and not self._plan.outputs[name].distinct
        records = spool.count if as_put else sum(1 for _ in self._records(name))
        return OutputCount(records, left_out + spool.count - records, unwritable, calls.count)

    @property
    def rejected(self) -> int:
        """How many records `rejected.jsonl` has."""
        return self._rejected.count if self._rejected_written is None else self._rejected_written

    def publish(self, folder: Path, complete: bool, states: Sequence[StepState]) -> list[Published]:
        """Write the outputs, under the names that `file_of` gives them, and `rejected.jsonl`.

        Documents are written last, and tell of the others and of the `states` of the steps. Raises `Unbalanced` when
        records that were taken on are not there any more, `CannotWrite`.
        """
        published: dict[str, Published] = {}
        for name, output in sorted(self._plan.outputs.items(), key=lambda item: item[1].document is not None):
            path, spool = file_of(folder, name, self._plan, complete), self._outputs[name]
            if output.learned and output.source not in self._learned and not complete:
                continue
            if output.document is None:
                rows = _write(path, spool, functools.partial(self._records, name), output)
            else:
                about = About.of(self._records(name))
                rows, others = about.count, {other.name: other.rows for other in published.values()}
                learned = self._learned.get(output.source)
                write_document(path, self._plan, output, about, states, others, learned, complete=complete)
            if complete:
                file_of(folder, name, self._plan, False).unlink(missing_ok=True)
                if self._plan.extent.limit is None:
                    _marked(folder / name, "trial").unlink(missing_ok=True)
            published[name] = Published(name, path, rows, complete, output.form)
        lost = functools.partial(_counted, "rejected.jsonl", self._rejected, self._prefix)
        self._rejected_written = _write(folder / "rejected.jsonl", self._rejected, lost)
        return [published[name] for name in self._plan.outputs if name in published]

    def _records(self, name: str) -> Iterator[bytes]:
        """The records of an output, as they are written."""
        counted, calls = _counted(name, self._outputs[name], self._prefix), self._calls.get(name)
        if calls is not None and calls.lineage is not None:
            calls.lineage.resolve(self._prefix.keeps if self._prefix is not None else lambda place: True)
            counted = _unmarked(counted, calls)
        return _distinct(counted) if self._plan.outputs[name].distinct else counted

    def close(self) -> None:
        for calls in self._calls.values():
            calls.close()
        for spool in (*self._outputs.values(), self._rejected):
            spool.close()


def file_of(folder: Path, output: str, plan: Plan, complete: bool) -> Path:
    """Where an output is put: trials, and runs that have not come to their end, leave that of a whole run alone."""
    mark = "incomplete" if not complete else "trial" if plan.extent.limit is not None else ""
    return _marked(folder / output, mark) if mark else folder / output


def _marked(path: Path, mark: str) -> Path:
    return path.with_name(f"{path.stem}.{mark}{path.suffix}")


def _write(
    path: Path, spool: Spool, records: Callable[[], Iterator[bytes]], output: PlannedOutput | None = None
) -> int:
    """Write the records that count, in the form that the output has; how many they are."""
    form, layout = (FORMS[output.form], output.layout) if output is not None else (FORMS["lines"], Layout())
    with AtomicFile(path, spool.size) as file:  # what is raised in it keeps the file from appearing
        return form.write(records, layout, file.write)


def _unmarked(marked: Iterator[bytes], calls: AcceptedCalls) -> Iterator[bytes]:
    """The records of calls whose rows have come far enough."""
    return (record for each in marked if (record := calls.unmarked(each)) is not None)


def _distinct(records: Iterator[bytes]) -> Iterator[bytes]:
    """The first of equal records. Memory: 16 bytes and little more for each."""
    seen: set[bytes] = set()
    for record in records:
        digest = hashlib.blake2b(record, digest_size=16).digest()
        if digest not in seen:
            seen.add(digest)
            yield record


def _counted(name: str, spool: Spool, prefix: Prefix | None) -> Iterator[bytes]:
    """The records that count. Raises `Unbalanced` when there are not as many as were put."""
    found = 0
    for record in spool.read():
        found += 1
        if prefix is None:
            yield record
        elif prefix.keeps(_MARK.unpack_from(record)):
            yield record[_MARK.size :]
    if found != spool.count:
        raise Unbalanced(f"`{name}` would have {found} of {spool.count} records")
