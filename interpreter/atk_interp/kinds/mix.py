"""The `mix` kind."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    Notice,
    RowFailed,
    Scratch,
    SetContext,
    SetStep,
    StepKind,
    StepStopped,
    StepView,
    place,
    rank,
)
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.mixing import Part, Unmixable, amounts, asked_range
from atk_interp.kinds.base.written import is_formula, misfit, settled_number
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, KEYS_AT_ODDS
from atk_interp.values import Row, content_hash, encode, row_id

__all__ = ["Mix"]

_NUMBER: dict[str, Any] = {"type": ["number", "formula"], "min": 0}
_NUMBERS = ("share", "ratio", "amount", "min", "max")
_PART = {
    **dict.fromkeys(_NUMBERS, _NUMBER),
    "of": {"type": "string"},
    "by": {"type": "string"},
    "repeat": {"type": ["boolean", "formula"]},
}


class Mix(StepKind):
    """Bring the rows of several steps together in given proportions.

    `parts` says for each of the steps under `from` how much of it goes in: a `share` of the whole, a `ratio` to another
    part (`{ratio: 0.3, of: domain}`), an `amount`, or all of it (`{}`); never less than `min` nor more than `max`.
    These are rows, or whatever `size` measures (`size: text | tokens`). The whole is `total`, or what follows from the
    parts that are not shares, or as much as the scarcest part allows. A part that is too short goes in whole, which is
    a serious warning, or more than once with `repeat: true`.

    A part with `by` is several: one of the rows of each value of that expression, such as the name of a dataset. Its
    numbers may then name fields of the rows, which are the same in all of one value: `{by: dataset.name, ratio:
    =dataset.share, of: domain}`.

    Which rows are taken follows from the hashes of their contents, so adding rows does not reshuffle the others; the
    rows of all parts come out shuffled in the same way, or one part after the other (`order: parts`). What was taken of
    each part is told in a notice. Memory: none to speak of; the rows wait on disk.
    """

    name = "mix"
    cardinality = Cardinality.SET
    options = (
        Option(
            "parts",
            Takes.STRUCTURE,
            "How much goes in of each step: `share`, `ratio` and `of`, `amount`, `min`, `max`, `repeat`, `by`.",
            required=True,
            schema={"type": "dict", "minlength": 1, "valuesrules": {"type": "dict", "schema": _PART}},
        ),
        Option("size", Takes.EXPRESSION, "What a row counts for, as a number; 1 when not given."),
        Option("total", Takes.NUMBER, "How much the whole has.", min=0),
        Option(
            "order",
            Takes.NAME,
            "Rows of all parts among one another (`shuffled`), or one part after the other (`parts`).",
            default="shuffled",
            choices=("shuffled", "parts"),
        ),
    )
    examples = (
        Example(
            {"parts": {"given": {"share": 1}}, "total": 2, "order": "parts"},
            [{"n": 1}, {"n": 2}, {"n": 3}],
            [{"n": 2}, {"n": 3}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        view.value("total")
        if view.given("size"):
            told = misfit(view.expression(view.path("size"), view.row_scope()), Takes.NUMBER)
            if told is not None:
                view.sink.report(WRONG_VALUE_TYPE, view.document.span(view.path("size")), f"`size` {told}")
        for name in view.option("parts"):
            self._check_part(view, name)
        self._check_all_named(view)
        return view.input

    def _check_part(self, view: StepView, name: str) -> None:
        part, path = view.option("parts")[name], (*view.path("parts"), name)
        if name not in view.step.inputs:
            help_ = did_you_mean(name, view.step.inputs) or "add it to `from`"
            view.sink.report(BAD_VALUE, view.document.key_span(path), f"`{name}` is not under `from`", help=help_)
        if "by" in part:
            view.expression((*path, "by"), view.row_scope())
        scope = view.row_scope() if "by" in part else view.params_scope()
        for key in part:
            if key not in ("of", "by"):
                takes = Takes.BOOL if key == "repeat" else Takes.NUMBER
                view.check_value((*path, key), takes, scope)
        if "by" in part and "share" in part:
            told = "a share is of one part, and with `by` there are several"
            help_ = "write a `ratio` with `of`, or an `amount`"
            view.sink.report(KEYS_AT_ODDS, view.document.key_span((*path, "share")), told, help=help_)
        given = [key for key in ("share", "ratio", "amount") if key in part]
        for key in given[1:]:
            told = f"`{key}` and `{given[0]}` do not go together"
            view.sink.report(KEYS_AT_ODDS, view.document.key_span((*path, key)), told, help="keep one of them")
        others = {other for other, asked in view.option("parts").items() if "by" not in asked}
        if ("ratio" in part) != (part.get("of") in others):
            known = [other for other in others if other != name]
            help_ = did_you_mean(str(part.get("of", "")), known) or f"add `of: {known[0] if known else name}`"
            span = view.document.span((*path, "of")) if "of" in part else view.document.head_span(path)
            view.sink.report(BAD_VALUE, span, "`ratio` goes with `of`, which names another part", help=help_)

    def _check_all_named(self, view: StepView) -> None:
        lacking = [name for name in view.step.inputs if name not in view.option("parts")]
        for name in lacking:
            told = f"`parts` says nothing of `{name}`, which is under `from`"
            help_ = f"write `{name}: {{}}` for all of it"
            view.sink.report(BAD_VALUE, view.document.key_span(view.path("parts")), told, help=help_)
        shares = [part.get("share") for part in view.option("parts").values() if "share" in part]
        if any(map(is_formula, shares)):
            return
        span, whole = view.document.head_span(view.path("parts")), round(sum(shares), 6)
        if whole > 1:
            view.sink.report(BAD_VALUE, span, f"the shares add up to {whole:g}, which is more than 1")
        elif len(shares) == len(view.option("parts")) and whole < 1:
            told = f"the shares add up to {whole:g}, and there is no other part to fill up the whole"
            view.sink.report(BAD_VALUE, span, told, help="make them add up to 1; a third is `=1/3`")
        else:
            self._check_total(view)

    def _check_total(self, view: StepView) -> None:
        """Report a `total` that the parts cannot make, whatever there is of them, where all numbers are known."""
        total, parts = settled_number(view.spec, view.option("total")), view.option("parts")
        asked = {name: _settled(view, part) for name, part in parts.items()}
        if total is None or None in asked.values():
            return
        try:
            least, most = asked_range({name: part for name, part in asked.items() if part is not None}, total)
        except Unmixable:
            return  # told when the step runs
        spare = 1e-3 * total
        if least - spare <= total <= most + spare:
            return
        made = "make" if least == most else "make at least" if least > total else "make at most"
        told = f"the parts {made} {least if least > total else most:,g}, and `total` is {total:,g}"
        help_ = "change the amounts, shares or bounds, or leave `total` out"
        view.sink.report(BAD_VALUE, view.document.span(view.path("total")), told, help=help_)

    def bind(self, step: BoundStep) -> SetStep:
        return SetStep(_Mixing(step).apply, reorders=True)


def _settled(view: StepView, part: Mapping[str, Any]) -> Part | None:
    """What is asked of a part; None where a number is not known before a run."""
    numbers = {key: settled_number(view.spec, part[key]) for key in _NUMBERS if key in part}
    return None if None in numbers.values() or "by" in part else _asked_part(numbers, part.get("of", ""))


def _asked_part(numbers: Mapping[str, float | None], of: str, *, repeat: bool = False) -> Part:
    return Part(
        share=numbers.get("share"),
        ratio=numbers.get("ratio"),
        of=of,
        amount=numbers.get("amount"),
        least=numbers.get("min"),
        most=numbers.get("max"),
        repeat=repeat,
    )


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


class _Mixing:
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
        self.numbers = {key: step.content((*path, key)) for key in _NUMBERS if key in written}
        self.repeat = step.content((*path, "repeat")) if "repeat" in written else lambda names: False
        self.of = str(written.get("of", ""))
        self.by = step.rule((*path, "by")) if "by" in written else None

    def part(self, names: Mapping[str, Any]) -> Part:
        """Raises `RowFailed`, `StepStopped` for what is no number."""
        numbers = {key: _number(self.step, key, closure(names)) for key, closure in self.numbers.items()}
        return _asked_part(numbers, self.of, repeat=bool(self.repeat(names)))


def _number(step: BoundStep, name: str, value: Any) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise StepStopped(f"`{name}` of step `{step.name}` takes a number not below 0, not `{value}`")
    return value
