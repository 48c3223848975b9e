"""Where a row comes from: its document, the steps it went through, what each of them set, asked, and was answered.

Rows know the row they were made of, and no more. So a first rehearsal notes which rows leave which steps, which gives
the line of descent of the one that is wanted; a second one listens to what happens to the rows of that line.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from atk_interp.kinds.base import Attempt, Dropped, SourceStep, StepStopped
from atk_interp.ledger.base import StoredReply
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.rehearsal.found import Unheard, row_of_line
from atk_interp.rehearsal.recall import AskedCall
from atk_interp.rehearsal.stage import Witness, must_exist, rehearse
from atk_interp.runtime import CannotRun
from atk_interp.runtime.spool import Spool
from atk_interp.values import Row, Value, decode, encode, row_id

__all__ = ["Stage", "Trace", "TracedCall", "trace"]

_FEWEST = 4
"""Of how many digits the beginning of an id must be to stand for it."""

_DIGITS = 18
"""A number of a line that has more is that of no line."""

_SHOWN = 5


@dataclass(frozen=True)
class TracedCall:
    """A call that a step has made for a row: what was sent, what came back, and why that was not accepted.

    `reason` is empty for a reply that was accepted, or that a rule has counted. `reply` is None when the ledger has
    none. A model other than that of the slot was asked when the row was asked again.
    """

    slot: str
    model: str
    sample: int
    attempt: int
    key: str
    messages: tuple[tuple[str, str], ...]
    sampling: Mapping[str, Value]
    reply: StoredReply | None
    reason: str


@dataclass(frozen=True)
class Stage:
    """What one step did to a row (or to the row that it was made of). `row` is the id with which it left the step.

    `set` are the fields that are new or other than before, `gone` those that are no more. `outcome` is `filtered` or
    `rejected` under `label` where the way ends. `made_of` are the ids of rows that were brought together.
    """

    step: str
    kind: str
    row: str
    set: Mapping[str, Value]
    gone: tuple[str, ...]
    calls: tuple[TracedCall, ...]
    outcome: str = ""
    label: str = ""
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """A row from its source to its end. `document` is the file it comes from, where there is one that is known."""

    row: str
    source: str
    document: Path | None
    stages: tuple[Stage, ...]


async def trace(plan: Plan, ledger: Path, folder: Path, wanted: str) -> Trace:
    """The way of a row: its id (or the beginning of it), or `OUTPUT:LINE` for a line of an output, from 1.

    Nothing is sent. Raises `CannotRun` for a row that is not there, and `LedgerError`.
    """
    must_exist(plan, ledger)
    with contextlib.closing(_Index(plan)) as index:
        target, end = await _meant(plan, ledger, folder, wanted)
        await rehearse(plan, ledger, Unheard(), witness=index.witness)
        line = _line(plan, index, index.id_of(target), end)
    seen = _Seen({id_ for id_, _ in line}, {step for _, steps in line for step in steps})
    await rehearse(plan, ledger, seen, witness=seen.witness)
    stages = tuple(_stages(plan, line, seen, index.merged))
    source = next((row.source for row in seen.rows.values()), "")
    return Trace(line[-1][0], source, _document(plan, line[0][1][:1], source), stages)


async def _meant(plan: Plan, ledger: Path, folder: Path, wanted: str) -> tuple[str, str]:
    """The id of a row, and the step where its way is to end; empty for all the way."""
    name, colon, digits = wanted.rpartition(":")
    if not colon or not digits.isdecimal():
        return wanted, ""
    number = int(digits) if len(digits) <= _DIGITS else 0
    if name == "rejected.jsonl":
        return _rejected_line(folder / name, number)
    if name not in plan.outputs:
        known = ", ".join(f"`{output}`" for output in (*plan.outputs, "rejected.jsonl"))
        raise CannotRun(f"there is no output `{name}`", f"outputs are {known}")
    if plan.outputs[name].call is not None:
        told = f"the lines of `{name}` are calls, and may each have made several rows"
        raise CannotRun(told, "name the id of a row, or a line of another output")
    found = await row_of_line(plan, ledger, name, number) if number > 0 else None
    if found is None:
        raise CannotRun(f"output `{name}` has no line {digits[:_DIGITS]}", "lines are counted from 1")
    return found.row.id, found.step


def _rejected_line(path: Path, number: int) -> tuple[str, str]:
    with contextlib.suppress(OSError, ValueError, KeyError), path.open("rb") as lines:
        for at, line in enumerate(lines, 1):
            if at == number:
                record: Any = decode(line)
                return str(record["row"]), str(record["step"])
    raise CannotRun(f"`{path}` has no line {number}", "lines are counted from 1")


class _Index:
    """Which rows leave, or are lost in, which steps: on disk, as there may be many."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._spool = Spool()
        self._lock = threading.Lock()
        self.merged: dict[str, tuple[str, ...]] = {}
        self._renamed: dict[str, list[int]] = {}
        for step in plan.steps.values():
            for at, source in enumerate(step.inputs):
                if at:
                    self._renamed.setdefault(source, []).append(at)

    @property
    def witness(self) -> Witness:
        return Witness(row=self._row, dropped=self._dropped, refused=self._dropped, merged=self._merged)

    def _row(self, step: PlannedStep, row: Row) -> None:
        self._put(row.id, [step.name, row.id, row.parent])
        for at in self._renamed.get(step.name, ()):  # as it enters a step of which this one is a later input
            entered = row_id(row.id, ["from", at])
            self._put(entered, [f"from {step.name}", entered, row.id])

    def _dropped(self, step: PlannedStep, dropped: Dropped) -> None:
        self._put(dropped.row.id, [step.name, dropped.row.id, dropped.row.parent])

    def _merged(self, step: PlannedStep, row: Row, members: Sequence[str]) -> None:
        with self._lock:
            self.merged[row.id] = tuple(members)

    def _put(self, id_: str, entry: list[str | None]) -> None:
        self._spool.put_at(id_.encode(), encode(entry))

    def entries(self, id_: str) -> list[tuple[str, str | None]]:
        """The steps that a row has left, each with the id of the row it was made of; `from STEP` as it entered one."""
        found: list[Any] = [decode(data) for data in self._spool.find(id_.encode())]
        return [(step, parent) for step, _, parent in found]

    def id_of(self, wanted: str) -> str:
        """The id that is meant by it or its beginning. Raises `CannotRun`."""
        if self._spool.find(wanted.encode()):
            return wanted
        told = f"there is no row `{wanted}`"
        help_ = "ids stand in `rejected.jsonl`; `OUTPUT:LINE` names a line of an output, as in `out.jsonl:3`"
        if len(wanted) < _FEWEST:
            raise CannotRun(told, help_)
        listed: list[Any] = [decode(data) for data in self._spool.read()]
        near = sorted({str(entry[1]) for entry in listed if str(entry[1]).startswith(wanted)})
        if len(near) == 1:
            return near[0]
        if near:
            shown = ", ".join(f"`{each}`" for each in near[:_SHOWN])
            raise CannotRun(f"{len(near)} rows begin with `{wanted}`", f"write more of one: {shown}")
        raise CannotRun(told, help_)

    def close(self) -> None:
        self._spool.close()


_Line = list[tuple[str, list[str]]]
"""A line of descent: ids, each with the steps that the row has left under it, in the order of the steps."""


def _line(plan: Plan, index: _Index, target: str, end: str) -> _Line:
    """From the source to a row. What a row did on branches that do not lead to the wanted one is left out."""
    places = {name: at for at, name in enumerate(plan.steps)}
    line: _Line = []
    id_: str | None = target
    within = {end, *plan.ancestors(end)} if end in places else set(places)
    while id_ is not None:
        entries = index.entries(id_)
        steps = sorted({step for step, _ in entries if step in within}, key=places.__getitem__)
        line.append((id_, steps))
        if steps:
            within = {*plan.ancestors(steps[0])}
        entered = next((step.removeprefix("from ") for step, _ in entries if step.startswith("from ")), None)
        if entered is not None:
            within = {entered, *plan.ancestors(entered)}
        id_ = next((parent for _, parent in entries if parent is not None and parent != id_), None)
        if id_ in {known for known, _ in line}:
            break
    return line[::-1]


@dataclass
class _Seen:
    """`Heard`, and a witness: all that happens to the rows of a line of descent."""

    ids: set[str]
    steps: set[str]
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    dropped: dict[tuple[str, str], Dropped] = field(default_factory=dict)
    reasons: dict[tuple[str, str, tuple[int, ...], int, int], str] = field(default_factory=dict)
    calls: dict[tuple[str, str], list[tuple[AskedCall, StoredReply | None]]] = field(default_factory=dict)

    @property
    def witness(self) -> Witness:
        return Witness(row=self._row, dropped=self._lost, refused=self._lost, failed=self._failed)

    def _row(self, step: PlannedStep, row: Row) -> None:
        if row.id in self.ids:
            self.rows[step.name, row.id] = row

    def _lost(self, step: PlannedStep, dropped: Dropped) -> None:
        if dropped.row.id in self.ids:
            self.dropped[step.name, dropped.row.id] = dropped

    def _failed(self, step: PlannedStep, row: Row, attempt: Attempt) -> None:
        if row.id in self.ids:
            self.reasons[step.name, row.id, row.order, attempt.sample, attempt.attempt] = attempt.reason

    def found(self, call: AskedCall, reply: StoredReply) -> None:
        self._called(call, reply)

    def missing(self, call: AskedCall) -> None:
        self._called(call, None)

    def _called(self, call: AskedCall, reply: StoredReply | None) -> None:
        if call.row.id in self.ids:
            self.calls.setdefault((call.step.name, call.row.id), []).append((call, reply))

    def calls_of(self, step: str, id_: str) -> tuple[TracedCall, ...]:
        made = self.calls.get((step, id_), [])
        made.sort(key=lambda each: (each[0].row.order, each[0].sample, each[0].attempt))
        return tuple(self._traced(call, reply) for call, reply in made)

    def _traced(self, call: AskedCall, reply: StoredReply | None) -> TracedCall:
        request, row = call.request, call.row
        messages = tuple((message.role, message.content) for message in request.messages)
        reason = self.reasons.get((call.step.name, row.id, row.order, call.sample, call.attempt), "")
        return TracedCall(
            call.slot,
            request.model,
            call.sample,
            call.attempt,
            call.key,
            messages or (("prompt", request.prompt or ""),),
            request.sampling,
            reply,
            reason,
        )


def _stages(plan: Plan, line: _Line, seen: _Seen, merged: Mapping[str, tuple[str, ...]]) -> Iterable[Stage]:
    before: Mapping[str, Value] = {}
    above = ""
    for id_, steps in line:
        for at, name in enumerate(steps):
            row, lost = seen.rows.get((name, id_)), seen.dropped.get((name, id_))
            after = row.fields if row is not None else lost.row.fields if lost is not None else before
            # A step that makes several rows of one asks for the one that it takes.
            calls = seen.calls_of(name, id_) or (seen.calls_of(name, above) if at == 0 else ())
            ended = lost if row is None else None
            yield Stage(
                name,
                plan.steps[name].kind,
                id_,
                {key: value for key, value in after.items() if key not in before or before[key] != value},
                tuple(key for key in before if key not in after),
                calls,
                ended.outcome if ended is not None else "",
                ended.label if ended is not None else "",
                merged.get(id_, ()) if at == 0 else (),
            )
            before = after
        above = id_


def _document(plan: Plan, first: Sequence[str], source: str) -> Path | None:
    """The input file that the source of a row names."""
    for name in first:
        runner = plan.steps[name].runner
        if isinstance(runner, SourceStep) and runner.reads is not None:
            with contextlib.suppress(OSError, StepStopped):
                return next((path for path in runner.reads() if path.as_posix().endswith(source)), None)
    return None
