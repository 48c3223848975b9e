"""Bringing rows together: the lists that are made of them, and the fields that the first of them gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atk_interp.expressions.types import ANY, INT, ListType, RecordType, Type
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.view import StepView
from atk_interp.spec.codes import BAD_NAME
from atk_interp.spec.options import Option, Takes
from atk_interp.values import Row, Value, content_hash

__all__ = ["COLLECT", "FIRST", "Collection", "collected"]

COLLECT = Option("collect", Takes.FIELDS, "Lists to make, each from a value per row.", required=True)
FIRST = Option("first", Takes.NAMES, "Fields to take from the first row.")


def collected(view: StepView) -> RecordType:
    """Check `collect` and `first`; the fields of a row that is made of several, with their number as `count`."""
    fields: dict[str, Type] = {}
    for name in view.option("collect"):
        fields[name] = ListType(view.content((*view.path("collect"), name), view.row_scope()))
    for index, name in enumerate(view.option("first") or ()):
        if view.has_field(name, (*view.path("first"), index)):
            fields[name] = view.input.fields.get(name, ANY)
    for name, path in (("collect", view.path("collect")), ("first", view.path("first"))):
        if "count" in (view.option(name) or ()):
            place = (*path, "count") if name == "collect" else (*path, view.option(name).index("count"))
            span = view.document.key_span(place) if name == "collect" else view.document.span(place)
            told = "`count` is the number of rows that are brought together"
            view.sink.report(BAD_NAME, span, told, help="choose another name, or rename the field before")
    fields["count"] = INT
    view.writes(fields, view.path("collect"))
    return RecordType(fields)


class Collection:
    """`collect` and `first` of a step, ready to run."""

    def __init__(self, step: BoundStep) -> None:
        path = step.view.path("collect")
        self._lists = {name: step.content((*path, name)) for name in step.view.option("collect")}
        self._first: list[str] = step.view.option("first") or []

    def values(self, names: Mapping[str, Any]) -> list[Value]:
        """What a row gives to each of the lists. Raises `RowFailed`."""
        return [closure(names) for closure in self._lists.values()]

    def kept(self, row: Row) -> dict[str, Value]:
        """What the row made of several takes from its first one."""
        return {name: row.fields.get(name) for name in self._first}

    def row(self, purpose: str, members: Sequence[Row], values: Sequence[Sequence[Value]], kept: Any) -> Row:
        """The row of some members, with the values of each.

        The members make the id: rows that are made of others are other rows.
        """
        head = members[0]
        lists = {name: [given[at] for given in values] for at, name in enumerate(self._lists)}
        made = content_hash(purpose, [member.id for member in members])[:20]
        return Row(made, head.source, head.order, {**lists, **kept, "count": len(members)})
