"""The `sample` kind."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import BoundStep, Cardinality, PureStep, SetStep, StepContext, StepKind, StepView
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, content_hash

__all__ = ["Sample"]


class Sample(StepKind):
    """Take so many rows, chosen by the hash of their content.

    The same rows are chosen every time, and adding rows to the input does not reshuffle the others. Without a
    `count` (or with null) all rows pass, without waiting for the last one. The rows keep their order.
    """

    name = "sample"
    cardinality = Cardinality.SET
    options = (Option("count", Takes.INT, "How many rows to take; all when null.", min=0),)

    def flow(self, view: StepView) -> RecordType:
        view.value("count")
        return view.input

    def bind(self, step: BoundStep) -> PureStep | SetStep:
        count = step.whole("count")
        if count is None:
            return PureStep(lambda row: (row,))
        return SetStep(
            lambda rows, context: _sampled(rows, context, count, step.seed), expects=lambda rows: min(rows, count)
        )


def _sampled(rows: Iterator[Row], context: StepContext, count: int, seed: int) -> Iterator[Row]:
    """The `count` rows with the smallest hashes, in canonical order. Memory: `count` rows."""
    numbered = ((content_hash("atk-sample-v1", [seed, row.id]), number, row) for number, row in enumerate(rows))
    chosen = heapq.nsmallest(count, numbered, key=lambda item: item[:2])
    yield from (row for _, _, row in sorted(chosen, key=lambda item: item[1]))
