"""The `retrieve` kind."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import BOOL, FLOAT, AnyType, ListType, RecordType, TextType, Type, without_null
from atk_interp.kinds.base import (
    Beside,
    BoundStep,
    Cardinality,
    Closure,
    Dropped,
    Example,
    RowFailed,
    Scratch,
    SetContext,
    SetStep,
    StepKind,
    StepStopped,
    StepView,
    check_one_at_most,
    compared,
    expression_paths,
)
from atk_interp.kinds.base.bm25 import Texts
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.nearness import Vectors
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY
from atk_interp.values import Row, Value, content_hash

__all__ = ["Retrieve"]

_UNIT = 16**13


class Retrieve(StepKind):
    """Give each row those rows of another step that are nearest to it.

    ```yaml
    context:
      kind: retrieve
      from: questions
      with: passages
      query: question          # what is looked for, an expression over the row
      text: text               # in what, an expression over the rows of `with`
      k: 3
      take: [text]
      into: passages           # a list of records: `text`, and `score`
    ```

    `how: bm25` goes by common words (Okapi BM25; in Chinese, Japanese or Thai by characters and pairs of them), `how:
    embeddings` by the cosine between the vectors that the slot `model` makes, and `how: random` by neither: any rows
    may come, drawn by hash, and then there are no `query`, `text` and scores. The nearest come first, and of equally
    near ones the first. Every row comes out, with a shorter list, or an empty one, where too little is near it:
    only what scores at least `min_score` is, and `exclude` is an expression over the row, with the other row as
    `other`, that says what must not come.

    **Its own.** The row of `with` that a row is, or was made from, is its own; with `own_by` the rows for which that
    expression gives the same on both sides. `exclude_self: true` leaves its own out. `include_self: true` makes sure
    of it: one of its own is among those given, and a row that has none is rejected. `wrong: 0.1` gives that share of
    the rows, drawn by hash, none of their own, and `tell: misled` says of each row in the field `misled` whether it is
    one of them. For training on what a search has found, right or wrong:

    ```yaml
    found: {kind: retrieve, from: questions, with: passages, how: random, k: 3, k_min: 1, shuffle: true,
            include_self: true, own_by: passage, wrong: 0.4, tell: misled, take: [text], into: found}
    ```

    With `how: random` and `include_self` its own, unless it happens to be drawn, takes the last place of the list, so
    the order gives it away to whoever is trained on it: write `shuffle: true`, as here.

    `k_min` draws for each row how many it is given, from `k_min` to `k`, and `shuffle` puts them in a drawn order. What
    is drawn follows from the seed and the contents of the rows.

    Memory: for `bm25` 12 bytes for each different word of each row of `with`, for `embeddings` 4 for each number of its
    vector; the rows wait on disk. Rows of `with` that no row is given are counted as filtered, the others as merged.
    With numpy, which the extra `embeddings` brings, comparing vectors is much faster, and gives the same.
    """

    name = "retrieve"
    cardinality = Cardinality.JOINED
    asks_model = True
    options = (
        Option("with", Takes.STEP, "The step whose rows are looked through.", required=True),
        Option("into", Takes.NAME, "The field for the list of what was found.", required=True),
        Option("take", Takes.NAMES, "The fields that are taken of each row found; all when not given."),
        Option("k", Takes.INT, "How many rows are given, at most.", default=3, min=1, max=1000),
        Option("k_min", Takes.INT, "Draw how many are given, from so many to `k`.", min=1, max=1000),
        Option(
            "how",
            Takes.NAME,
            "By common words (`bm25`), by meaning (`embeddings`), or by chance (`random`).",
            default="bm25",
            choices=("bm25", "embeddings", "random"),
        ),
        Option("query", Takes.EXPRESSION, "A text over the row: what is looked for."),
        Option("text", Takes.EXPRESSION, "A text over the rows of `with`: where it is looked for."),
        Option("model", Takes.NAME, "With `embeddings`: the model slot that makes the vectors."),
        Option("min_score", Takes.NUMBER, "The least score with which a row is near."),
        Option(
            "exclude", Takes.EXPRESSION, "What must not come: an expression over the row, and the other as `other`."
        ),
        Option("own_by", Takes.EXPRESSIONS, "What a row and its own have in common, as both sides have it."),
        Option("exclude_self", Takes.BOOL, "Leave a row's own out.", default=False),
        Option("include_self", Takes.BOOL, "See to it that one of a row's own is given.", default=False),
        Option("wrong", Takes.NUMBER, "The share of the rows that are given none of their own.", min=0, max=1),
        Option("tell", Takes.NAME, "The field that says whether a row was given none of its own by `wrong`."),
        Option("shuffle", Takes.BOOL, "Give them in a drawn order.", default=False),
    )
    examples = (
        Example(
            {"with": "notes", "query": "q", "text": "note", "k": 1, "take": ["n"], "into": "found"},
            [{"q": "mill by the river"}, {"q": "stars"}],
            [
                {"q": "mill by the river", "found": [{"score": 1.509826, "n": 2}]},
                {"q": "stars", "found": []},
            ],
            others={"with": [{"note": "the new bridge", "n": 1}, {"note": "river mill", "n": 2}]},
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        other = view.beside("with")
        for name in ("k", "k_min", "min_score", "exclude_self", "include_self", "wrong", "shuffle"):
            view.value(name)
        check_one_at_most(view, ["exclude_self", "include_self"])
        least, most = view.option("k_min"), view.option("k")
        if isinstance(least, int) and isinstance(most, int) and least > most:
            told = f"`k_min` is {least}, and `k` is {most}"
            view.sink.report(BAD_VALUE, view.document.span(view.path("k_min")), told, help="write the smaller number")
        self._check_way(view, other)
        for path in expression_paths(view, "own_by"):
            view.expression(path, view.row_scope())
            other.expression(path, other.row_scope())
        if view.given("exclude"):
            view.expression(view.path("exclude"), view.row_scope({"other": other.input}))
        if view.given("tell") and not view.given("wrong"):
            told = "`tell` has nothing to tell without `wrong`"
            view.sink.report(BAD_VALUE, view.document.key_span(view.path("tell")), told, help="add `wrong: 0.1`")
        for index, name in enumerate(view.option("take") or ()):
            other.has_field(name, (*view.path("take"), index))
        return self._made(view, other)

    def _made(self, view: StepView, other: StepView) -> RecordType:
        names = view.option("take") or list(other.input.fields)
        fields = {name: type_ for name, type_ in other.input.fields.items() if name in names}
        is_open = other.input.open and not view.given("take")
        if view.option("how") != "random":
            if "score" in fields:
                place = view.path("take" if view.given("take") else "with")
                told = "a row found has its score under `score`, and rows of `with` have a field of this name"
                view.sink.report(BAD_VALUE, view.document.span(place), told, help="choose other fields with `take`")
            fields = {"score": FLOAT, **fields}
        added: dict[str, Type] = {view.option("into"): ListType(RecordType(fields, open=is_open))}
        if view.given("tell"):
            added[view.option("tell")] = BOOL
        view.writes(added, view.path("into"))
        return RecordType({**view.input.fields, **added}, view.input.open)

    def _check_way(self, view: StepView, other: StepView) -> None:
        """Report keys that the way of finding needs, or has no use for."""
        how = view.option("how")
        needed = {"bm25": ["query", "text"], "embeddings": ["query", "text", "model"], "random": []}[how]
        for name in needed:
            if not view.given(name):
                told = f"`how: {how}` needs `{name}`"
                view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help=f"add `{name}:`")
        for name in ("query", "text", "model", "min_score"):
            if view.given(name) and name not in needed and not (name == "min_score" and needed):
                told = f"`{name}` has no effect with `how: {how}`"
                ways = "`how: embeddings`" if name == "model" else "`how: bm25`"
                view.sink.report(BAD_VALUE, view.document.key_span(view.path(name)), told, help=f"write {ways}")
        if view.given("model"):
            view.slot(embeds=True)
        for side, name in ((view, "query"), (other, "text")):
            if not view.given(name):
                continue
            found = side.expression(view.path(name), side.row_scope())
            if not isinstance(without_null(found), TextType | AnyType):
                told = f"`{name}` takes text, and this is {type_in_words(found)}"
                view.sink.report(WRONG_VALUE_TYPE, view.document.span(view.path(name)), told)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        return {"from": "each row, with what is found for it", "with": "looked through"}

    def bind(self, step: BoundStep) -> SetStep:
        return SetStep(_Retrieving(step).apply)


class _Retrieving:
    def __init__(self, step: BoundStep) -> None:
        view = step.view
        self.step = step
        self.how: str = view.option("how")
        self.slot: str = view.option("model") or ""
        self.query = step.rule(view.path("query")) if view.given("query") else None
        self.text = step.rule(view.path("text")) if view.given("text") else None
        self.exclude = step.rule(view.path("exclude")) if view.given("exclude") else None
        self.own_by = [step.rule(path) for path in expression_paths(view, "own_by")]
        self.most = step.whole("k") or 1
        self.least = step.whole("k_min") or self.most
        if self.least > self.most:
            raise StepStopped(f"`k_min` of step `{step.name}` is {self.least}, more than `k`, which is {self.most}")
        self.wrong = _number(step, "wrong") or 0.0
        self.min_score = _number(step, "min_score")
        self.exclude_self = bool(step.value("exclude_self"))
        self.include_self = bool(step.value("include_self"))
        self.shuffle = bool(step.value("shuffle"))
        self.into: str = view.option("into")
        self.tell: str | None = view.option("tell")
        self.take: list[str] | None = view.option("take")
        self.other_base: dict[str, Any] = dict.fromkeys(view.sides["with"].fields)

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped | Beside]:
        came = " and ".join(f"`{name}`" for name in self.step.view.step.inputs)
        told = f"row of `{self.step.view.option('with')}` that no row of {came} is given"
        first = next(rows, None)
        if first is None:  # all rows pass by: then nothing is paid for what none of them looks through
            yield Beside(0, sum(1 for _ in context.others("with")), told)
            return
        rows = chain((first,), rows)
        others = _Others(self, context.scratch())
        yield from others.fill(context)
        merged: set[int] = set()
        lost: list[Dropped] = []
        for row, ranked in self._ranked(rows, others, context, lost):
            try:
                yield self._given(row, ranked, others, merged)
            except RowFailed as error:
                yield Dropped(row, "rejected", str(error))
        yield from lost
        yield Beside(len(merged), others.count - len(merged), told)

    def _ranked(
        self, rows: Iterator[Row], others: _Others, context: SetContext, lost: list[Dropped]
    ) -> Iterator[tuple[Row, Iterator[tuple[float, int]]]]:
        """The rows, each with the others from the nearest on; those whose `query` fails go to `lost`."""
        if self.query is None:
            yield from ((row, others.drawn(row)) for row in rows)
            return
        if self.how == "bm25":
            for row, query in self._asked(rows, self.query, lost):
                yield row, others.texts.ranked(query)
            return
        waiting: deque[tuple[Row, str]] = deque()

        def ahead() -> Iterator[str]:
            for row, query in self._asked(rows, rule, lost):
                waiting.append((row, query))
                if query.strip():
                    yield query

        rule = self.query
        for vector in context.vectors(self.slot, ahead(), query=True):
            while not waiting[0][1].strip():
                yield waiting.popleft()[0], iter(())
            yield waiting.popleft()[0], others.vectors.ranked(vector)
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

    def _given(self, row: Row, ranked: Iterator[tuple[float, int]], others: _Others, merged: set[int]) -> Row:
        """The row with what was found for it. Raises `RowFailed`."""
        names = self.step.names(row)
        own = others.own_of(row, names)
        misled = bool(self.wrong) and _drawn("wrong", self.step.seed, row) < self.wrong
        wanted = self.least + int(_drawn("k", self.step.seed, row) * (self.most - self.least + 1))
        must = self.include_self and not misled
        if must and not own:
            raise RowFailed("none of the rows that are looked through is its own")
        barred = own if self.exclude_self or misled else set[int]()
        found = self._found(names, ranked, others, own if must else set(), barred, wanted)

        def draw(each: tuple[float, int]) -> str:
            return content_hash("atk-retrieve-order-v1", [self.step.seed, row.id, others.id(each[1])])

        if must and not own & {number for _, number in found}:
            found = [*found[: wanted - 1], min(((0.0, number) for number in own), key=draw)]
        if self.shuffle:
            found.sort(key=draw)
        merged.update(number for _, number in found)
        fields = {**row.fields, self.into: [others.record(score, number) for score, number in found]}
        if self.tell is not None:
            fields[self.tell] = misled
        return row.replaced(fields)

    def _found(
        self,
        names: Mapping[str, Any],
        ranked: Iterator[tuple[float, int]],
        others: _Others,
        must: set[int],
        barred: set[int],
        wanted: int,
    ) -> list[tuple[float, int]]:
        """The nearest ones that may come; the last of them is one of those that `must`, when none has come before."""
        found: list[tuple[float, int]] = []
        has = not must or self.how == "random"  # no draw is nearer than another, so none is looked for
        for score, number in ranked:
            is_near = self.min_score is None or score >= self.min_score
            if number in must and not has:
                has = True
                found = [*found[: wanted - 1], (score, number)]
            elif (
                len(found) < wanted
                and is_near
                and number not in barred
                and (number in must or not self._excluded(names, others, number))
            ):
                found.append((score, number))
            if has and (len(found) >= wanted or not is_near):
                break
        return found

    def _excluded(self, names: Mapping[str, Any], others: _Others, number: int) -> bool:
        if self.exclude is None:
            return False
        return bool(self.exclude({**names, "other": {**self.other_base, **others.row(number).fields}}))


class _Others:
    """The rows that are looked through, by their numbers: on disk, with what they are found by in memory."""

    def __init__(self, retrieving: _Retrieving, scratch: Scratch) -> None:
        self.retrieving = retrieving
        self.scratch = scratch
        self.texts = Texts()
        self.vectors = Vectors()
        self.count = 0
        self._ids: list[str] = []
        self._owners: dict[bytes, list[int]] = {}
        self._ring: list[tuple[str, int]] = []

    def fill(self, context: SetContext) -> Iterator[Dropped]:
        """Take in the rows; those whose `text` fails are given back."""
        lost: list[Dropped] = []
        if self.retrieving.how == "embeddings":
            for vector in context.vectors(self.retrieving.slot, self._read(context, lost)):
                try:
                    self.vectors.add(vector)
                except ValueError as error:
                    raise StepStopped(f"step `{self.retrieving.step.name}`: {error}") from None
        else:
            for text in self._read(context, lost):
                if self.retrieving.how == "bm25":
                    self.texts.add(text)
        self._ring.sort()
        yield from lost

    def _read(self, context: SetContext, lost: list[Dropped]) -> Iterator[str]:
        """The texts of the rows that have one; these get their numbers in the same order."""
        retrieving = self.retrieving
        for row in context.others("with"):
            names = {**retrieving.step.base, **retrieving.other_base, **retrieving.step.names(row)}
            try:
                text = retrieving.text(names) if retrieving.text is not None else " "
                if text is not None and not isinstance(text, str):
                    raise RowFailed("`text`: a text is needed")
                key = _key(retrieving.own_by, names) if retrieving.own_by else row.id.encode()
            except RowFailed as error:
                lost.append(Dropped(row, "rejected", str(error)))
                continue
            self.count += 1
            if not (text or "").strip() and retrieving.text is not None:
                continue  # nothing can be found in it
            number = len(self._ids)
            self.scratch.put(number.to_bytes(6, "big"), row)
            self._ids.append(row.id)
            self._owners.setdefault(key, []).append(number)
            if retrieving.how == "random":
                self._ring.append((content_hash("atk-retrieve-place-v1", [retrieving.step.seed, row.id]), number))
            yield str(text)

    def drawn(self, row: Row) -> Iterator[tuple[float, int]]:
        """All others in an order that is drawn for a row.

        They stand on a ring in the order of hashes of their contents, and each draw hits the next one on it, so that
        another row on the ring changes few of the draws (as in Karger et al., "Consistent hashing", 1997).
        """
        seen: set[int] = set()
        for draw in range(4 * len(self._ring)):
            hit = content_hash("atk-retrieve-draw-v1", [self.retrieving.step.seed, row.id, draw])
            _, number = self._ring[bisect_left(self._ring, (hit, 0)) % len(self._ring)]
            if number not in seen:
                seen.add(number)
                yield 0.0, number
        yield from ((0.0, number) for _, number in self._ring if number not in seen)

    def own_of(self, row: Row, names: Mapping[str, Any]) -> set[int]:
        """The numbers of a row's own. Raises `RowFailed`."""
        if self.retrieving.own_by:
            return set(self._owners.get(_key(self.retrieving.own_by, names), ()))
        ids = [row.id, row.parent] if row.parent is not None else [row.id]
        return {number for id_ in ids for number in self._owners.get(id_.encode(), ())}

    def id(self, number: int) -> str:
        return self._ids[number]

    def row(self, number: int) -> Row:
        return self.scratch.find(number.to_bytes(6, "big"))[0]

    def record(self, score: float, number: int) -> Value:
        """What is given of one."""
        fields, take = self.row(number).fields, self.retrieving.take
        taken = dict(fields) if take is None else {name: fields.get(name) for name in take}
        return taken if self.retrieving.how == "random" else {"score": score, **taken}


def _key(own_by: list[Closure], names: Mapping[str, Any]) -> bytes:
    return hashlib.blake2b(compared(rule(names) for rule in own_by), digest_size=16).digest()


def _drawn(what: str, seed: int, row: Row) -> float:
    """A number from 0 to 1 (which it never is) for a row."""
    return int(content_hash(f"atk-retrieve-{what}-v1", [seed, row.id])[:13], 16) / _UNIT


def _number(step: BoundStep, name: str) -> float | None:
    value = step.value(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise StepStopped(f"`{name}` of step `{step.name}` takes a number, not `{value}`")
    return value
