"""The `shuffle` kind."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import BoundStep, Cardinality, Example, SetContext, SetStep, StepKind, StepView
from atk_interp.values import Row, content_hash

__all__ = ["Shuffle"]


class Shuffle(StepKind):
    """Put the rows into an order that follows from the hash of their content, and looks like chance.

    The order is the same every time for one `seed` of the config, and rows that are added take their places among
    the others without moving these.
    """

    name = "shuffle"
    cardinality = Cardinality.SET
    examples = (Example({}, [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}], [{"n": 1}, {"n": 4}, {"n": 3}, {"n": 2}]),)

    def flow(self, view: StepView) -> RecordType:
        return view.input

    def bind(self, step: BoundStep) -> SetStep:
        def apply(rows: Iterator[Row], context: SetContext) -> Iterator[Row]:
            shuffled = context.scratch()
            for row in rows:
                shuffled.put(bytes.fromhex(content_hash("atk-shuffle-v1", [step.seed, row.id])), row)
            for number, row in enumerate(shuffled.rows()):
                yield Row(row.id, row.source, (0, number), row.fields, row.parent)

        return SetStep(apply, reorders=True)
