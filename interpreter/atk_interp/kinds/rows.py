"""The `rows` and `input` kinds: rows written in the spec, rows handed over by a caller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from atk_interp.expressions.types import TEXT, ListType, RecordType, TextType, Type, join_types, maybe
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    SourceStep,
    StepContext,
    StepKind,
    StepStopped,
    StepView,
)
from atk_interp.kinds.base.fields import TYPES
from atk_interp.kinds.base.handing import misfit
from atk_interp.kinds.base.ordinals import Ordinals
from atk_interp.kinds.base.typed import TypedFields, typed_fields_option
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, content_hash, root_id

__all__ = ["Input", "Rows"]


class Rows(StepKind):
    """Rows written in the spec itself."""

    name = "rows"
    cardinality = Cardinality.SOURCE
    options = (
        Option(
            "rows",
            Takes.STRUCTURE,
            "A list of mappings, or `=expr` that gives one.",
            required=True,
            schema={"type": ["list", "formula"], "schema": {"type": "dict"}, "minlength": 1},
        ),
    )
    examples = (Example({"rows": [{"topic": "tides"}]}, [], [{"topic": "tides"}]),)

    def flow(self, view: StepView) -> RecordType:
        rows = view.option("rows")
        if isinstance(rows, str):
            view.expression(view.path("rows"), view.params_scope())
            return RecordType({}, open=True)
        found: dict[str, list[Type]] = {}
        for index, row in enumerate(rows):
            for name in row:
                content = view.content((*view.path("rows"), index, name), view.params_scope())
                found.setdefault(name, []).append(_general(content))
        fields = {
            name: join_types(types) if len(types) == len(rows) else maybe(join_types(types))
            for name, types in found.items()
        }
        view.writes(fields, view.path("rows"))
        return RecordType(fields)

    def bind(self, step: BoundStep) -> SourceStep:
        closure = step.content(step.view.path("rows"))
        return _source(step, lambda: closure(step.base))


class Input(StepKind):
    """Rows handed over by the caller of the pipeline (`rows=`).

    A row that lacks a field which `fields` declares, or has a value of another type there, is rejected.
    """

    name = "input"
    cardinality = Cardinality.SOURCE
    options = (
        typed_fields_option(
            f"The fields of the rows, with their types: {', '.join(TYPES)}; `{{type: text, optional: true}}` may be "
            "null or missing. Anything when not given."
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        fields = _declared(view)
        view.writes(fields, view.path("fields"))
        if not view.given("fields") and view.handed is not None:
            fields = dict(view.handed.fields)
            view.writes(fields, view.step.path)
            return view.handed
        return RecordType(fields, open=not view.given("fields"))

    def bind(self, step: BoundStep) -> SourceStep:
        def given() -> Iterable[Mapping[str, Any]]:
            if step.rows is None:
                raise StepStopped(
                    f"step `{step.name}` takes its rows from the caller, and none were given",
                    help="call the pipeline with `rows=[…]`",
                )
            return step.rows

        return _source(step, given, _declared(step.view))


def _declared(view: StepView) -> dict[str, Type]:
    return TypedFields.of(view.option("fields") or {}).types


def _general(type_: Type) -> Type:
    """The type of a field of which samples are written down: it is text, not only the texts that stand there."""
    match type_:
        case TextType():
            return TEXT
        case ListType(item):
            return ListType(_general(item))
        case RecordType(fields, is_open):
            return RecordType({name: _general(field) for name, field in fields.items()}, is_open)
    return type_


_ANYTHING: Mapping[str, Type] = {}


def _source(
    step: BoundStep, given: Callable[[], Iterable[Any]], declared: Mapping[str, Type] = _ANYTHING
) -> SourceStep:
    def rows(context: StepContext) -> Iterator[Row | Dropped]:
        seen = Ordinals()
        for number, fields in enumerate(given()):
            if not isinstance(fields, Mapping):
                raise StepStopped(f"row {number} of step `{step.name}` is no mapping of fields to values")
            digest = content_hash("atk-record-v1", fields)
            row = Row(root_id(digest, seen.next(digest)), step.view.step.kind, (number,), dict(fields))
            told = misfit(declared, row.fields) if declared else None
            yield row if told is None else Dropped(row, "rejected", told)

    return SourceStep(rows, reads=tuple, takes=bool(declared))
