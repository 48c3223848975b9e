"""What finished steps gave, kept beside the ledger for the next run: it goes on from the deepest that are the same.

A step is known by its fingerprint (`plan.fingerprint`), and its file holds all that a run from the start would make of
it again: rows, books, what was dropped, notices, and which replies were used. The folder may be removed at any time.
See docs/decisions/2026-11-22-unchanged-runs.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from atk_interp.kinds.base import SourceStep
from atk_interp.ledger.room import free_bytes
from atk_interp.plan import Plan, PlannedStep
from atk_interp.plan.fingerprint import inputs_state, step_fingerprints
from atk_interp.runtime.books import Books, StepCount
from atk_interp.runtime.events import CallFinished, Event, Noted
from atk_interp.runtime.kept_choice import Choice, chosen, is_worth_keeping, plan_left
from atk_interp.runtime.kept_file import KeptFile, KeptWriter, remove_left_over
from atk_interp.runtime.publish import Collector
from atk_interp.runtime.spending import Spending
from atk_interp.values import Row

__all__ = ["Kept", "kept_folder"]

_VERSIONS = 4
"""How many results of one step are kept, as an edit may be taken back."""

_MOST_BYTES = 4_000_000_000
"""Room for the files of all steps; those that were used last stay."""

_LEAST_FREE = 500_000_000
"""Bytes on the disk that are left to the ledger and the outputs."""


def kept_folder(ledger: Path) -> Path:
    """Where the files of the steps of all runs with a ledger are."""
    return ledger.with_name(f"{ledger.name}.kept")


class Kept:
    """What is kept of the steps of one run, and what this run adds to it. Nothing here raises for want of room.

    `look` first, then `restore` into the run, and run `plan`; tell it of every row, loss and event; `publish` at the
    end. Rows and losses come from any thread.
    """

    def __init__(self, plan: Plan, ledger: Path) -> None:
        self._whole = plan
        self._folder = kept_folder(ledger)
        self._fingerprints: dict[str, str] = {}
        self._files: dict[str, KeptFile] = {}
        self._writers: dict[str, KeptWriter] = {}
        self._giving_rows: dict[str, KeptWriter] = {}
        self._notes: dict[str, list[list[Any]]] = {}
        self._models: dict[str, dict[str, set[str]]] = {}
        self._inputs: dict[tuple[str, int], str | None] = {}
        self._moment_ns = 0
        self._replies = 0
        self.choice = Choice()
        self.plan = plan
        """What is left to run."""

    def look(self, mark: tuple[str, int] | None, terms: object, *, reading: bool = True) -> None:
        """Find what is kept, and decide what need not run. Blocking: looks at the inputs, and reads the files.

        `mark` tells the ledger and how many replies it has had; without one nothing is kept. `terms` are all else that
        results depend on. Unless `reading`, everything runs.
        """
        if mark is None:
            return
        self._moment_ns = time.time_ns()
        self._fingerprints = step_fingerprints(self._whole, [mark[0], terms])
        self._replies = mark[1]
        remove_left_over(self._folder)
        if reading:
            self._take_on()
        for name, step in self._whole.steps.items():  # as they are now, before they are read
            if isinstance(step.runner, SourceStep):
                self._state(name, self._moment_ns)
        for name in self._fingerprints.keys() - self._files.keys():
            step = self.plan.steps[name]
            writer = KeptWriter(self._path(name), self._has_room)
            self._writers[name] = writer
            if is_worth_keeping(self.plan, step):
                self._giving_rows[name] = writer

    def _take_on(self) -> None:
        found = {name: file for name in self._fingerprints if (file := self._opened(name)) is not None}
        self._files = found
        self.choice = chosen(self._whole, {name: file.account["rows"] for name, file in found.items()})
        rows = {name: found[name].rows for name in self.choice.giving}
        self.plan = plan_left(self._whole, self.choice, rows)
        for name in found.keys() - self.choice.steps:
            found[name].close()

    def _opened(self, name: str) -> KeptFile | None:
        file = KeptFile.open(self._path(name))
        if file is not None and not self._fits(file):
            file.close()
            return None
        return file

    def _fits(self, file: KeptFile) -> bool:
        """Whether the inputs are those that were read, and the ledger one that has all the replies."""
        try:
            account = file.account
            moment: int = account["moment"]
            if account["replies"] > self._replies or account["count"].keys() != _COUNTS:
                return False
            inputs = account["inputs"].items()
            return all(state is not None and self._state(source, moment) == state for source, state in inputs)
        except (KeyError, TypeError):
            return False

    def _state(self, source: str, moment_ns: int) -> str | None:
        place = (source, moment_ns)
        if place not in self._inputs:
            self._inputs[place] = inputs_state(self._whole, [source], moment_ns)
        return self._inputs[place]

    def _path(self, step: str) -> Path:
        place = hashlib.sha256(f"{self._whole.spec.name}\0{step}".encode()).hexdigest()[:12]
        return self._folder / f"{place}-{self._fingerprints[step][:40]}.kept"

    def _has_room(self) -> bool:
        free = free_bytes(self._folder)
        return free is None or free > _LEAST_FREE

    # -- into the run ---------------------------------------------------------------------------------------------

    def restore(self, books: Books, collector: Collector, spending: Spending) -> list[Noted]:
        """Put down what the steps that need not run have given; the notices that are to be told. Blocking."""
        noted: list[Noted] = []
        for name in self._whole.steps:
            if name not in self.choice.steps:
                continue
            file = self._files[name]
            books.steps[name] = _held(file.account["count"], still_gives=name in self.choice.giving)
            for order, record in file.dropped():
                collector.restore(name, order, record)
            for slot, sums in file.account["spending"].items():
                spending.hold(name, slot, sums)
            noted += [Noted(name, *note) for note in file.account["notes"]]
        return noted

    def models(self) -> Iterator[tuple[str, str]]:
        """The slots that were asked, with the names under which they have replied."""
        for name in self.choice.steps:
            for slot, names in self._files[name].account["models"].items():
                yield from ((slot, model) for model in names)

    def keys(self) -> Iterator[bytes]:
        """The keys of all calls that were used, many at a time. Blocking."""
        for name in self.choice.steps:
            yield from self._files[name].keys()

    # -- while it runs --------------------------------------------------------------------------------------------

    def row(self, step: PlannedStep, row: Row) -> None:
        """A row has left a step."""
        writer = self._giving_rows.get(step.name)
        if writer is not None:
            writer.row(row)

    def dropped(self, step: str, order: tuple[int, ...], record: bytes) -> None:
        """A row was dropped in a step, or a part of a reply refused: its line of `rejected.jsonl`."""
        writer = self._writers.get(step)
        if writer is not None:
            writer.dropped(order, record)

    def listen(self, event: Event) -> None:
        """Something has happened in the run. From its loop."""
        if isinstance(event, CallFinished):
            writer = self._writers.get(event.step)
            if writer is not None:
                writer.called(bytes.fromhex(event.key))
                if event.reply is not None:
                    slots = self._models.setdefault(event.step, {})
                    slots.setdefault(event.slot, set()).add(event.reply.model)
        elif isinstance(event, Noted) and event.step in self._writers:
            note = [event.message, event.where, event.help, event.serious]
            self._notes.setdefault(event.step, []).append(note)

    # -- at its end -----------------------------------------------------------------------------------------------

    def publish(self, steps: Iterable[str], books: Books, spending: Spending, replies: int) -> str:
        """Keep what some steps gave, which are finished; why not all of it could be kept. Blocking.

        `replies` is how many the ledger has had by now.
        """
        refusal = ""
        for name in steps:
            writer = self._writers.pop(name, None)
            if writer is None:
                continue
            writer.publish(self._account(name, books.steps[name], spending, replies))
            refusal = refusal or writer.broken
        _tidy(self._folder)
        return refusal

    def _account(self, name: str, count: StepCount, spending: Spending, replies: int) -> dict[str, Any]:
        before = {*self._whole.ancestors(name), name}
        sources = [step for step in sorted(before) if isinstance(self._whole.steps[step].runner, SourceStep)]
        return {
            "step": name,
            "rows": name in self._giving_rows,
            "moment": self._moment_ns,
            "inputs": {source: self._state(source, self._moment_ns) for source in sources},
            "replies": replies,
            "count": {**asdict(count), "labels": dict(count.labels)},
            "notes": self._notes.get(name, []),
            "spending": spending.used_by(name),
            "models": {slot: sorted(names) for slot, names in self._models.get(name, {}).items()},
        }

    def close(self) -> None:
        """Drop what was not published."""
        for writer in self._writers.values():
            writer.close()
        for file in self._files.values():
            file.close()


_COUNTS = {known.name for known in fields(StepCount)}


def _held(count: Mapping[str, Any], *, still_gives: bool) -> StepCount:
    """The books of a step in which nothing is paid. Rows that it still gives are counted as they come."""
    held = StepCount(**{**count, "labels": Counter(count["labels"])})
    held.from_ledger += held.called
    held.called = held.input_tokens = held.output_tokens = 0
    held.finished = not still_gives
    if still_gives:
        held.rows_out = 0
    return held


def _tidy(folder: Path) -> None:
    """Remove what was not used for longest: of each step all but the latest, and what is too much together."""
    with contextlib.suppress(OSError):
        found = [(path.stat(), path) for path in folder.glob("*.kept")]
        found.sort(key=lambda item: -item[0].st_mtime_ns)
        of_step: Counter[str] = Counter()
        taken = 0
        for state, path in found:
            place = path.name.partition("-")[0]
            of_step[place] += 1
            taken += state.st_size
            if of_step[place] > _VERSIONS or taken > _MOST_BYTES:
                path.unlink(missing_ok=True)
