"""The `filter` kind."""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import BoundStep, Cardinality, Dropped, Example, PureStep, StepKind, StepView
from atk_interp.spec import Option, Takes
from atk_interp.values import Row

__all__ = ["Filter"]


class Filter(StepKind):
    """Keep the rows for which an expression is true; the others are counted and recorded as filtered."""

    name = "filter"
    cardinality = Cardinality.AT_MOST_ONE
    options = (Option("keep", Takes.EXPRESSION, "What must be true of a row.", required=True),)
    examples = (Example({"keep": "text | length > 2"}, [{"text": "abc"}, {"text": "a"}], [{"text": "abc"}]),)

    def flow(self, view: StepView) -> RecordType:
        view.expression(view.path("keep"), view.row_scope())
        return view.narrowed(view.input, view.path("keep"))

    def bind(self, step: BoundStep) -> PureStep:
        path = step.view.path("keep")
        keep = step.rule(path)
        label = f"keep: {step.view.expressions[path].text.value.strip()}"

        def apply(row: Row) -> Iterable[Row] | Dropped:
            return (row,) if keep(step.names(row)) else Dropped(row, "filtered", label)

        return PureStep(apply)
