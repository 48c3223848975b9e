"""The `map` kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from atk_interp.expressions.types import ANY, RecordType, Type
from atk_interp.kinds.base import BoundStep, Cardinality, Example, PureStep, StepKind, StepView
from atk_interp.spec import Option, Takes
from atk_interp.values import Row

__all__ = ["Map"]


class Map(StepKind):
    """Set, rename and drop fields.

    `set` writes fields from expressions (`=expr`), templates (`"{{ x }}"`) or literals; all of them see the row as
    it came in. Then `rename` and `drop` are applied.
    """

    name = "map"
    cardinality = Cardinality.ONE
    options = (
        Option("set", Takes.FIELDS, "Fields to write, with their values."),
        Option(
            "rename",
            Takes.STRUCTURE,
            "Old names to new names.",
            schema={"type": "dict", "valuesrules": {"type": "string"}},
        ),
        Option("drop", Takes.NAMES, "Fields to remove."),
    )
    examples = (
        Example({"set": {"size": "=text | length"}, "drop": ["text"]}, [{"text": "abc"}], [{"size": 3}]),
        Example({"set": {"line": "{{ a }}-{{ b }}"}}, [{"a": 1, "b": 2}], [{"a": 1, "b": 2, "line": "1-2"}]),
    )

    def flow(self, view: StepView) -> RecordType:
        written: dict[str, Type] = {}
        for name in view.option("set") or {}:
            written[name] = view.content((*view.path("set"), name), view.row_scope())
        view.writes(written, view.path("set"))
        fields = {**view.input.fields, **written}
        for old, new in (view.option("rename") or {}).items():
            path = (*view.path("rename"), old)
            if old in fields or view.has_field(old, path, is_key=True):
                fields[new] = fields.pop(old, ANY)
                view.writes({new: fields[new]}, path)
        for index, name in enumerate(view.option("drop") or ()):
            if name in fields or view.has_field(name, (*view.path("drop"), index)):
                fields.pop(name, None)
        return RecordType(fields, view.input.open)

    def bind(self, step: BoundStep) -> PureStep:
        path = step.view.path("set")
        closures = {name: step.content((*path, name)) for name in step.view.option("set") or {}}
        renamed: dict[str, str] = step.view.option("rename") or {}
        dropped: list[str] = step.view.option("drop") or []

        def apply(row: Row) -> Iterable[Row]:
            fields: dict[str, Any] = dict(row.fields)
            if closures:
                names = step.names(row)
                fields.update({name: closure(names) for name, closure in closures.items()})
            for old, new in renamed.items():
                if old in fields:
                    fields[new] = fields.pop(old)
            for name in dropped:
                fields.pop(name, None)
            return (row.replaced(fields),)

        return PureStep(apply)
