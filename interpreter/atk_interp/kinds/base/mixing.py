"""What a `mix` step takes of each part."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.context import Scratch, SetContext
from atk_interp.kinds.base.proportions import NUMBERS, Part, Unmixable, amounts
from atk_interp.kinds.base.results import Dropped, Notice, RowFailed, StepStopped
from atk_interp.kinds.base.sets import place, rank
from atk_interp.records import dataclass
from atk_interp.values import Row, content_hash, encode, row_id

__all__ = ["Mixing"]

_Name = tuple[str, str]
"""A part: the step that it is of, and, where it is divided by its rows, the value that its rows have as JSON."""


@dataclass
class _Tally:
    """What there is of a part, and what was taken of it."""

    rows: int = 0
    available: float = 0.0
    wanted: float = 0.0
    taken_rows: int = 0
    taken: float = 0.0


class Mixing:
    """Takes of each part what is asked of it, and tells what that was."""

    def __init__(self, step: BoundStep) -> None:
        self.step = step
        self.inputs = step.view.step.inputs
        self.asked = {name: _Asked(step, name) for name in step.view.option("parts")}
        self.parts = {(name, ""): asked.part(step.base) for name, asked in self.asked.items() if asked.by is None}
        self.places = {name: number for number, name in enumerate(self.asked)}
        self.size = step.rule(step.view.path("size")) if step.view.given("size") else None
        self.total = step.number("total")
        self.shuffled = step.view.option("order") == "shuffled"

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        by_rank = context.scratch()
        tallies = {name: _Tally() for name in self.parts}
        for row in rows:
            try:
                size = self._measured(row)
                name = self._part_of(row)
                self._note_part(name, row)
            except RowFailed as error:
                yield Dropped(row, "rejected", str(error))
                continue
            tallies.setdefault(name, _Tally()).rows += 1
            tallies[name].available += size
            by_rank.put(self._prefix(name) + rank("atk-mix-v1", self.step.seed, row), row)
        try:
            parts = {_told(name): part for name, part in self.parts.items()}
            wanted = amounts(parts, {_told(name): tally.available for name, tally in tallies.items()}, self.total)
        except Unmixable as error:
            raise StepStopped(f"step `{self.step.name}`: {error}") from error
        for name, tally in tallies.items():
            tally.wanted = wanted[_told(name)]
        mixed = context.scratch()
        for name, members in itertools.groupby(by_rank.rows(), self._part_of):
            self._take(name, members, tallies[name], mixed, context)
        context.note(self._report(tallies))
        for number, row in enumerate(mixed.rows()):
            yield Row(row.id, row.source, (0, number), row.fields, row.parent)

    def _take(self, name: _Name, members: Iterator[Row], tally: _Tally, mixed: Scratch, context: SetContext) -> None:
        """Take the first of a part, in the order of their hashes, until it has what is wanted of it."""
        again = context.scratch() if tally.wanted > tally.available else None
        for number, row in enumerate(members):
            if again is not None:
                again.put(number.to_bytes(8, "big"), row)
            self._add(name, row, 0, tally, mixed)
        for time in itertools.count(1) if again is not None and tally.available else ():
            before = tally.taken
            for row in again.rows() if again is not None else ():
                self._add(name, row, time, tally, mixed)
            if tally.taken == before or tally.taken >= tally.wanted:
                return

    def _add(self, name: _Name, row: Row, time: int, tally: _Tally, mixed: Scratch) -> None:
        size = self._measured(row)
        if tally.taken + size > tally.wanted + 1e-6 * max(1.0, tally.wanted):
            return  # a smaller one after it may fit
        tally.taken += size
        tally.taken_rows += 1
        made = row if time == 0 else Row(row_id(row.id, ["mix", time]), row.source, row.order, row.fields, row.parent)
        at = rank("atk-mix-order-v1", self.step.seed, made)
        mixed.put(at if self.shuffled else self._prefix(name) + time.to_bytes(4, "big") + place(row), made)

    def _part_of(self, row: Row) -> _Name:
        """The part that a row belongs to. Raises `RowFailed`."""
        name = self.inputs[row.order[0]] if len(self.inputs) > 1 else self.inputs[0]
        by = self.asked[name].by
        return name, "" if by is None else encode(by(self.step.names(row))).decode()

    def _note_part(self, name: _Name, row: Row) -> None:
        """Find out what is asked of the part of a row, of one that depends on it. Raises `RowFailed`."""
        if self.asked[name[0]].by is None:
            return
        part = self.asked[name[0]].part(self.step.names(row))
        if self.parts.setdefault(name, part) != part:
            told = f"the numbers of part `{name[0]}` differ between rows with the same `by`, {name[1]}"
            raise StepStopped(f"step `{self.step.name}`: {told}", "name fields there that all rows of one value share")

    def _prefix(self, name: _Name) -> bytes:
        place, value = self.places[name[0]], name[1]
        return place.to_bytes(2, "big") + (bytes.fromhex(content_hash("atk-mix-by-v1", value)) if value else b"")

    def _measured(self, row: Row) -> float:
        if self.size is None:
            return 1
        size = self.size(self.step.names(row))
        if not isinstance(size, int | float) or isinstance(size, bool) or size < 0:
            raise RowFailed(f"`size`: a number not below 0 is needed, not {size!r}")
        return size

    def _report(self, tallies: Mapping[_Name, _Tally]) -> Notice:
        whole = sum(tally.taken for tally in tallies.values())
        told = []
        short, lacking = False, list[str]()
        for name, tally in tallies.items():
            share = f" ({tally.taken / whole:.1%})" if whole else ""
            size = "" if self.size is None else f", {tally.taken:,.0f} of {tally.available:,.0f} in size"
            lacks = self.parts[name].least is not None and tally.taken < (self.parts[name].least or 0) - 1e-6
            short |= lacks and self.size is None
            asked = self._asked_for(name, tallies, whole)
            if tally.available < (asked - 0.5 if self.size is None else 0.99 * asked):
                lacking.append(f"`{_told(name)}` has {tally.available:,.0f} of the {asked:,.0f} that are asked for")
            told.append(f"`{_told(name)}` {tally.taken_rows:,} of {tally.rows:,} rows{size}{share}")
        over = self.total is not None and whole > self.total * (1 + 1e-3)
        help_ = f"together they are more than `total`, which is {self.total:,g}" if over else ""
        if lacking and not short:
            help_ = f"{'; '.join(lacking)}: give it more, ask for less, or write `repeat: true`"
        help_ = "some of them have fewer rows than their `min`" if short else help_
        return Notice("mixed " + "; ".join(told), self.step.name, help_, serious=short or over or bool(lacking))

    def _asked_for(self, name: _Name, tallies: Mapping[_Name, _Tally], whole: float) -> float:
        """What is asked of a part, however much there is of it; 0 where that follows from what there is."""
        part = self.parts[name]
        if part.repeat and tallies[name].available:
            return 0.0
        if part.share is not None:
            return part.bounded(part.share * (whole if self.total is None else self.total), math.inf)
        if part.amount is not None:
            return part.bounded(part.amount, math.inf)
        if part.ratio is not None and (part.of, "") in tallies:
            return part.bounded(part.ratio * tallies[part.of, ""].taken, math.inf)
        return 0.0


def _told(name: _Name) -> str:
    """The name of a part, as people are told of it."""
    return f"{name[0]}: {name[1]}" if name[1] else name[0]


class _Asked:
    """What is asked of a part, for the names of a row where it depends on that."""

    def __init__(self, step: BoundStep, name: str) -> None:
        self.step = step
        path = (*step.view.path("parts"), name)
        written: Mapping[str, Any] = step.view.option("parts")[name]
        self.numbers = {key: step.content((*path, key)) for key in NUMBERS if key in written}
        self.repeat = step.content((*path, "repeat")) if "repeat" in written else lambda names: False
        self.of = str(written.get("of", ""))
        self.by = step.rule((*path, "by")) if "by" in written else None

    def part(self, names: Mapping[str, Any]) -> Part:
        """Raises `RowFailed`, `StepStopped` for what is no number."""
        numbers = {key: _number(self.step, key, closure(names)) for key, closure in self.numbers.items()}
        return Part.of_numbers(numbers, self.of, repeat=bool(self.repeat(names)))


def _number(step: BoundStep, name: str, value: Any) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise StepStopped(f"`{name}` of step `{step.name}` takes a number not below 0, not `{value}`")
    return value
