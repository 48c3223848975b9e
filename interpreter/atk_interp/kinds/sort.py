"""The `sort` kind."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.expressions.types import ListType, RecordType, without_null
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepView,
    expression_paths,
)
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.sorting import sort_place
from atk_interp.spec import Option, Takes
from atk_interp.values import Row

__all__ = ["Sort"]


class Sort(StepKind):
    """Put the rows into the order of a key.

    `by` is an expression or a list of them, the most important first. Numbers stand before texts, texts are compared
    letter by letter (write `name | lower` to take capitals for small letters), and rows whose key is none stand at the
    end either way. Rows of equal keys keep their order. Memory: none to speak of; many rows are sorted on disk.
    """

    name = "sort"
    cardinality = Cardinality.SET
    options = (
        Option("by", Takes.EXPRESSIONS, "What to sort by.", required=True),
        Option("descending", Takes.BOOL, "The greatest first.", default=False),
    )
    examples = (
        Example(
            {"by": ["score", "name"], "descending": True},
            [
                {"name": "a", "score": 1},
                {"name": "b", "score": None},
                {"name": "c", "score": 2.5},
                {"name": "d", "score": 1},
            ],
            [
                {"name": "c", "score": 2.5},
                {"name": "d", "score": 1},
                {"name": "a", "score": 1},
                {"name": "b", "score": None},
            ],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for path in expression_paths(view, "by"):
            key = without_null(view.expression(path, view.row_scope()))
            while isinstance(key, ListType):
                key = without_null(key.item)
            if isinstance(key, RecordType):
                told = "rows cannot be put into the order of a record"
                view.sink.report(WRONG_VALUE_TYPE, view.document.span(path), told, help="name one of its fields")
        view.value("descending")
        return view.input

    def bind(self, step: BoundStep) -> SetStep:
        keys = [step.rule(path) for path in expression_paths(step.view, "by")]
        descending = bool(step.value("descending"))

        def apply(rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
            sorted_ = context.scratch()
            for row in rows:
                names = step.names(row)
                try:
                    sorted_.put(b"".join(sort_place("by", key(names), descending) for key in keys), row)
                except RowFailed as error:
                    yield Dropped(row, "rejected", str(error))
            for number, row in enumerate(sorted_.rows()):
                yield Row(row.id, row.source, (0, number), row.fields, row.parent)

        return SetStep(apply, reorders=True)
