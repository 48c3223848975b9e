"""The `explode` kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import ANY, INT, AnyType, ListType, RecordType, without_null
from atk_interp.kinds.base import BoundStep, Cardinality, Dropped, Example, PureStep, StepKind, StepView
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, Value, canonical, row_id

__all__ = ["Explode"]


class Explode(StepKind):
    """Make one row of each element of a list.

    The element is written to `into` (by default the list's own field), and its place, from 0, to `index`. A row whose
    list is empty is counted as filtered.
    """

    name = "explode"
    cardinality = Cardinality.MANY
    options = (
        Option("field", Takes.NAME, "The field that holds the list.", required=True),
        Option("into", Takes.NAME, "The field for the element; the list's own when not given."),
        Option("index", Takes.NAME, "The field for its place.", default="index"),
    )
    examples = (
        Example({"field": "tags", "into": "tag"}, [{"tags": ["a", "b"]}], [
            {"tags": ["a", "b"], "tag": "a", "index": 0},
            {"tags": ["a", "b"], "tag": "b", "index": 1},
        ]),
        Example({"field": "tags", "index": "place"}, [{"tags": ["a"]}], [{"tags": "a", "place": 0}]),
    )  # fmt: skip

    def flow(self, view: StepView) -> RecordType:
        field = view.option("field")
        into = view.option("into") or field
        held = without_null(view.input.fields.get(field, ANY))
        if not view.has_field(field, view.path("field")):
            held = ANY
        elif not isinstance(held, ListType | AnyType):
            span = view.document.span(view.path("field"))
            told = f"`{field}` is {type_in_words(held)}, and only a list can be exploded"
            view.sink.report(WRONG_VALUE_TYPE, span, told)
        item = held.item if isinstance(held, ListType) else ANY
        added = {into: item, view.option("index"): INT}
        view.writes(added, view.path("field"))
        return RecordType({**view.input.fields, **added}, view.input.open)

    def bind(self, step: BoundStep) -> PureStep:
        field: str = step.view.option("field")
        into: str = step.view.option("into") or field
        place: str = step.view.option("index")

        def apply(row: Row) -> Iterable[Row] | Dropped:
            items = row.fields.get(field)
            if items is None or items == []:
                return Dropped(row, "filtered", f"`{field}` is empty")
            if not isinstance(items, list):
                return Dropped(row, "rejected", f"`{field}` is no list")
            return _exploded(row, items, into, place)

        return PureStep(apply)


def _exploded(row: Row, items: list[Value], into: str, place: str) -> Iterator[Row]:
    seen: dict[bytes, int] = {}
    for index, item in enumerate(items):
        content = canonical(item)
        ordinal = seen.get(content, 0)
        seen[content] = ordinal + 1
        fields = {**row.fields, into: item, place: index}
        yield Row(row_id(row.id, [item, ordinal]), row.source, (*row.order, index), fields, row.id)
