"""The `sample` kind."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    PureStep,
    SetContext,
    SetStep,
    StepContext,
    StepKind,
    StepView,
    check_one_at_most,
    expression_paths,
    in_place,
    key_of,
    keyed,
    rank,
)
from atk_interp.spec import Option, Takes
from atk_interp.tokens import count_tokens
from atk_interp.values import Row, content_hash

__all__ = ["Sample"]

_PURPOSE = "atk-sample-v1"
_HOW_MANY = ("count", "share", "tokens")

_Taken = Callable[[Iterable[Row], int], Iterator[Row]]
"""Which of some rows are taken, in the order of their hashes; there are so many of them."""


class Sample(StepKind):
    """Take some of the rows, chosen by the hash of their content.

    So many (`count`), a `share` of them, or as many as have so many `tokens` in `field`; with `per` this holds for the
    rows of each key by themselves. The same rows are chosen every time, and adding rows to the input does not reshuffle
    the others. When none of the three is given, or it is null, all rows pass, without waiting for the last one. The
    rows keep their order. Memory: `count` rows; the others wait on disk.
    """

    name = "sample"
    cardinality = Cardinality.SET
    options = (
        Option("count", Takes.INT, "How many rows to take; all when null.", min=0),
        Option("share", Takes.NUMBER, "Which share of the rows to take, from 0 to 1; all when null.", min=0, max=1),
        Option("tokens", Takes.INT, "How many tokens the rows that are taken may have in all; all when null.", min=0),
        Option("field", Takes.NAME, "The field whose tokens count.", default="text"),
        Option("per", Takes.EXPRESSIONS, "A key: take so many of the rows of each key."),
    )
    examples = (
        Example({"count": 2}, [{"n": 1}, {"n": 2}, {"n": 3}], [{"n": 1}, {"n": 2}]),
        Example(
            {"share": 0.5, "per": "kind"},
            [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}, {"kind": "a", "n": 3}, {"kind": "b", "n": 4}],
            [{"kind": "b", "n": 2}, {"kind": "a", "n": 3}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for name in _HOW_MANY:
            view.value(name)
        check_one_at_most(view, _HOW_MANY)
        if view.given("tokens") or view.given("field"):
            view.has_field(view.option("field"), view.path("field" if view.given("field") else "tokens"))
        for path in expression_paths(view, "per"):
            view.expression(path, view.row_scope())
        return view.input

    def bind(self, step: BoundStep) -> PureStep | SetStep:
        count, per = step.whole("count"), key_of(step, "per")
        taken = _taken(step, count)
        if taken is None:
            return PureStep(lambda row: (row,))
        if count is not None and per is None:
            return SetStep(
                lambda rows, context: _sampled(rows, context, count, step.seed), expects=lambda rows: min(rows, count)
            )
        return SetStep(
            lambda rows, context: _sampled_per(rows, context, taken, per or (lambda row: b""), step.seed),
            expects=_expected(step.number("share")),
        )


def _taken(step: BoundStep, count: int | None) -> _Taken | None:
    """Which rows of one key are taken; None for all."""
    share, tokens = step.number("share"), step.whole("tokens")
    if tokens is not None:
        field = step.view.option("field")
        return lambda rows, known: _within(rows, tokens, field)
    if count is None and share is None:
        return None
    return lambda rows, known: itertools.islice(rows, count if share is None else round(share * known))


def _expected(share: float | None) -> Callable[[int], int]:
    return lambda rows: rows if share is None else round(share * rows)


def _within(rows: Iterable[Row], tokens: int, field: str) -> Iterator[Row]:
    """As many rows as fit; one that is too long for what is left is passed over."""
    left = tokens
    for row in rows:
        size = count_tokens(str(row.fields.get(field) or ""))
        if size <= left:
            left -= size
            yield row


def _sampled(rows: Iterator[Row], context: StepContext, count: int, seed: int) -> Iterator[Row]:
    """The `count` rows with the smallest hashes, in canonical order. Memory: `count` rows."""
    numbered = ((content_hash(_PURPOSE, [seed, row.id]), number, row) for number, row in enumerate(rows))
    chosen = heapq.nsmallest(count, numbered, key=lambda item: item[:2])
    yield from (row for _, _, row in sorted(chosen, key=lambda item: item[1]))


def _sampled_per(
    rows: Iterator[Row], context: SetContext, taken: _Taken, per: Callable[[Row], bytes], seed: int
) -> Iterator[Row | Dropped]:
    """Of each key the rows with the smallest hashes, all in canonical order."""
    lost: list[Dropped] = []
    counts: Counter[bytes] = Counter()
    by_rank = context.scratch()
    for key, row in keyed(rows, per, lost):
        counts[key] += 1
        by_rank.put(key + rank(_PURPOSE, seed, row), row)
    yield from lost
    strata = itertools.groupby(by_rank.rows(), per)
    yield from in_place(context, (row for key, members in strata for row in taken(members, counts[key])))
