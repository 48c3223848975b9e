"""The `group` kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Closure,
    Dropped,
    Example,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepView,
    compared,
    expression_paths,
    place,
)
from atk_interp.kinds.base.collecting import COLLECT, FIRST, Collection, collected
from atk_interp.spec import Option, Takes
from atk_interp.values import Row

__all__ = ["Group"]


class Group(StepKind):
    """Bring the rows of one key together into one row.

    `by` is an expression or a list of them; numbers that are equal are one key (3 and 3.0), and null is a key like
    another. The row of a group has the lists of `collect`, the `first` row's
    values of the fields named there, and `count`. Groups stand in the order of their first rows, and the lists
    in the order of the rows. The rows of a group for which `whole` is false are filtered, or rejected, as `incomplete`
    says: `whole: count == turns` takes a conversation with all of its turns or not at all. Memory: one group at a time;
    the rows wait on disk.
    """

    name = "group"
    cardinality = Cardinality.MERGED
    options = (
        Option("by", Takes.EXPRESSIONS, "What the rows of a group have in common.", required=True),
        COLLECT,
        FIRST,
        Option("whole", Takes.EXPRESSION, "What a whole group fulfils; it is about the fields of the group's own row."),
        Option(
            "incomplete",
            Takes.NAME,
            "What becomes of the rows of a group that is not whole: filtered (`drop`), or rejected.",
            default="drop",
            choices=("drop", "reject"),
        ),
    )
    examples = (
        Example(
            {"by": "kind", "collect": {"names": "=name"}, "first": ["kind"]},
            [{"kind": "a", "name": "x"}, {"kind": "b", "name": "y"}, {"kind": "a", "name": "z"}],
            [{"names": ["x", "z"], "kind": "a", "count": 2}, {"names": ["y"], "kind": "b", "count": 1}],
        ),
        Example(
            {"by": "kind", "collect": {"names": "=name"}, "whole": "count >= 2"},
            [{"kind": "a", "name": "x"}, {"kind": "b", "name": "y"}, {"kind": "a", "name": "z"}],
            [{"names": ["x", "z"], "count": 2}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for path in expression_paths(view, "by"):
            view.expression(path, view.row_scope())
        made = collected(view)
        if view.given("whole"):
            hints = {name: f"take `{name}` with `first`" for name in view.input.fields if name not in made.fields}
            own = view.for_key("whole", made, hints)
            own.expression(view.path("whole"), {**view.params_scope(), **made.fields})
        return made

    def bind(self, step: BoundStep) -> SetStep:
        keys = [step.rule(path) for path in expression_paths(step.view, "by")]
        collection = Collection(step)
        whole = step.rule(step.view.path("whole")) if step.view.given("whole") else None
        incomplete = "filtered" if step.view.option("incomplete") == "drop" else "rejected"

        def apply(rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
            sorted_ = context.scratch()
            for row in rows:
                names = step.names(row)
                try:
                    key = compared(key(names) for key in keys)
                    values = collection.values(names)
                except RowFailed as error:
                    yield Dropped(row, "rejected", str(error))
                    continue
                kept = collection.kept(row)
                lost = dict(row.fields) if whole is not None else None  # what is recorded of a row that is lost
                sorted_.put(key, row.replaced({"key": key.decode(), "values": values, "kept": kept, "row": lost}))
            groups = context.scratch()
            for _, group in itertools.groupby(sorted_.rows(), lambda row: row.fields["key"]):
                members = list(group)
                made = _grouped(collection, members)
                told = _unless(whole, step.names(made)) if whole is not None else ""
                if told:
                    yield from (Dropped(_as_it_was(row), incomplete, told) for row in members)
                else:
                    context.merged(made, [member.id for member in members])
                    groups.put(place(made), made)
            yield from groups.rows()

        return SetStep(apply, loses="merged")


def _unless(whole: Closure, names: Mapping[str, Any]) -> str:
    """Why a group is not whole; empty when it is."""
    try:
        return "" if whole(names) else "the group is not whole"
    except RowFailed as error:
        return str(error)


def _as_it_was(row: Row) -> Row:
    fields: Any = row.fields["row"]
    return row.replaced(fields)


def _grouped(collection: Collection, members: list[Row]) -> Row:
    """The row of a group, of its members with the values to collect of each."""
    values: list[Any] = [member.fields["values"] for member in members]
    return collection.row("atk-group-v1", members, values, members[0].fields["kept"])
