"""The `limit` kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    PureStep,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepView,
    compared,
    expression_paths,
)
from atk_interp.spec import Option, Takes
from atk_interp.values import Row

__all__ = ["Limit"]


class Limit(StepKind):
    """Take the first rows in their order, or the first of every key.

    With `per` the number holds for the rows of each key, so that `per: row.source` takes so many of every document.
    `skip` leaves out rows before the first one that is taken. Without a `count` (or with null) all rows pass. To take
    rows by chance, use `sample`.
    """

    name = "limit"
    cardinality = Cardinality.SET
    options = (
        Option("count", Takes.INT, "How many rows to take; all when null.", min=0),
        Option("skip", Takes.INT, "How many rows to leave out before them.", default=0, min=0),
        Option("per", Takes.EXPRESSIONS, "A key: count the rows of each key by themselves."),
    )
    examples = (
        Example({"count": 2, "skip": 1}, [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}], [{"n": 2}, {"n": 3}]),
        Example(
            {"count": 1, "per": "kind"},
            [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}, {"kind": "a", "n": 3}],
            [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        view.value("count")
        view.value("skip")
        for path in expression_paths(view, "per"):
            view.expression(path, view.row_scope())
        return view.input

    def bind(self, step: BoundStep) -> PureStep | SetStep:
        count, skip = step.whole("count"), step.whole("skip") or 0
        keys = [step.rule(path) for path in expression_paths(step.view, "per")]
        if count is None and not skip:
            return PureStep(lambda row: (row,))

        def apply(rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
            seen: Counter[bytes] = Counter()
            for row in rows:
                names = step.names(row) if keys else {}
                try:
                    key = compared(key(names) for key in keys)
                except RowFailed as error:
                    yield Dropped(row, "rejected", str(error))
                    continue
                seen[key] += 1
                if count is not None and seen[key] > skip + count:
                    if not keys:
                        return
                elif seen[key] > skip:
                    yield row

        return SetStep(apply, expects=lambda rows: rows if count is None or keys else min(rows, count))
