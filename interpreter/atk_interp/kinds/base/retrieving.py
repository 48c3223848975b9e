"""What a `retrieve` step gives to a row: the nearest of the rows that it looks through, its own among them or not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Set
from itertools import chain
from typing import Any

from atk_interp.kinds.base.bound import BoundStep, Closure
from atk_interp.kinds.base.context import SetContext
from atk_interp.kinds.base.corpus import Corpus, Reading
from atk_interp.kinds.base.results import Beside, Dropped, RowFailed, StepStopped
from atk_interp.values import Row, content_hash

__all__ = ["Retrieving"]

_UNIT = 16**13

_Ranked = Iterator[tuple[float, int]]
"""Those that are looked through, by their numbers, with their scores: the nearest first."""


class Retrieving:
    """Gives rows what is nearest to them, as the options of the step say."""

    def __init__(self, step: BoundStep) -> None:
        view = step.view
        self.step = step
        self.reading = Reading(step)
        self.query = step.rule(view.path("query")) if view.given("query") else None
        self.exclude = step.rule(view.path("exclude")) if view.given("exclude") else None
        self.most = step.whole("k") or 1
        self.least = step.whole("k_min") or self.most
        if self.least > self.most:
            raise StepStopped(f"`k_min` of step `{step.name}` is {self.least}, more than `k`, which is {self.most}")
        self.wrong = step.number("wrong") or 0.0
        self.min_score = step.number("min_score")
        self.exclude_self = bool(step.value("exclude_self"))
        self.include_self = bool(step.value("include_self"))
        self.shuffle = bool(step.value("shuffle"))
        self.into: str = view.option("into")
        self.tell: str | None = view.option("tell")

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped | Beside]:
        came = " and ".join(f"`{name}`" for name in self.step.view.step.inputs)
        told = f"row of `{self.step.view.option('with')}` that no row of {came} is given"
        first = next(rows, None)
        if first is None:  # all rows pass by: then nothing is paid for what none of them looks through
            yield Beside(0, sum(1 for _ in context.others("with")), told)
            return
        rows = chain((first,), rows)
        corpus = Corpus(self.reading, context.scratch())
        yield from corpus.fill(context)
        merged: set[int] = set()
        lost: list[Dropped] = []
        for row, ranked in self._ranked(rows, corpus, context, lost):
            try:
                yield self._given(row, ranked, corpus, merged)
            except RowFailed as error:
                yield Dropped(row, "rejected", str(error))
        yield from lost
        yield Beside(len(merged), corpus.count - len(merged), told)

    def _ranked(
        self, rows: Iterator[Row], corpus: Corpus, context: SetContext, lost: list[Dropped]
    ) -> Iterator[tuple[Row, _Ranked | None]]:
        """The rows, each with the others from the nearest on where they are ranked; those that fail go to `lost`."""
        if self.query is None:
            yield from ((row, None) for row in rows)
            return
        if self.reading.how == "bm25":
            for row, query in self._asked(rows, self.query, lost):
                yield row, corpus.texts.ranked(query)
            return
        waiting: deque[tuple[Row, str]] = deque()
        rule = self.query

        def ahead() -> Iterator[str]:
            for row, query in self._asked(rows, rule, lost):
                waiting.append((row, query))
                if query.strip():
                    yield query

        for vector in context.vectors(self.reading.slot, ahead(), query=True):
            while not waiting[0][1].strip():
                yield waiting.popleft()[0], iter(())
            yield waiting.popleft()[0], corpus.vectors.ranked(vector)
        yield from ((row, iter(())) for row, _ in waiting)

    def _asked(self, rows: Iterator[Row], rule: Closure, lost: list[Dropped]) -> Iterator[tuple[Row, str]]:
        for row in rows:
            try:
                query = rule(self.step.names(row))
                if query is not None and not isinstance(query, str):
                    raise RowFailed("`query`: a text is needed")
            except RowFailed as error:
                lost.append(Dropped(row, "rejected", str(error)))
            else:
                yield row, query or ""

    def _given(self, row: Row, ranked: _Ranked | None, corpus: Corpus, merged: set[int]) -> Row:
        """The row with what was found for it. Raises `RowFailed`."""
        names = self.step.names(row)
        own = corpus.own_of(row, names)
        misled = bool(self.wrong) and _drawn("wrong", self.step.seed, row) < self.wrong
        wanted = self.least + int(_drawn("k", self.step.seed, row) * (self.most - self.least + 1))
        must = self.include_self and not misled
        if must and not own:
            raise RowFailed("none of the rows that are looked through is its own")
        barred = own if self.exclude_self or misled else frozenset[int]()
        ranked = corpus.drawn(row, barred) if ranked is None else ranked
        found = self._found(names, ranked, corpus, own if must else frozenset(), barred, wanted)

        def draw(each: tuple[float, int]) -> str:
            return content_hash("atk-retrieve-order-v1", [self.step.seed, row.id, corpus.id(each[1])])

        if must and not own & {number for _, number in found}:
            found = [*found[: wanted - 1], min(((0.0, number) for number in own), key=draw)]
        if self.shuffle:
            found.sort(key=draw)
        merged.update(number for _, number in found)
        fields = {**row.fields, self.into: [corpus.record(score, number) for score, number in found]}
        if self.tell is not None:
            fields[self.tell] = misled
        return row.replaced(fields)

    def _found(
        self,
        names: Mapping[str, Any],
        ranked: _Ranked,
        corpus: Corpus,
        must: Set[int],
        barred: Set[int],
        wanted: int,
    ) -> list[tuple[float, int]]:
        """The nearest ones that may come; the last of them is one of those that `must`, when none has come before."""
        found: list[tuple[float, int]] = []
        has = not must or self.reading.how == "random"  # no draw is nearer than another, so none is looked for
        for score, number in ranked:
            is_near = self.min_score is None or score >= self.min_score
            if number in must and not has:
                has = True
                found = [*found[: wanted - 1], (score, number)]
            elif (
                len(found) < wanted
                and is_near
                and number not in barred
                and (number in must or not self._excluded(names, corpus, number))
            ):
                found.append((score, number))
            if has and (len(found) >= wanted or not is_near):
                break
        return found

    def _excluded(self, names: Mapping[str, Any], corpus: Corpus, number: int) -> bool:
        if self.exclude is None:
            return False
        return bool(self.exclude({**names, "other": {**self.reading.base, **corpus.row(number).fields}}))


def _drawn(what: str, seed: int, row: Row) -> float:
    """A number from 0 to 1 (which it never is) for a row."""
    return int(content_hash(f"atk-retrieve-{what}-v1", [seed, row.id])[:13], 16) / _UNIT
