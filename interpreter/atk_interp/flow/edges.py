"""The rows on one edge: those of several steps, those that pass a step by, and why a field of theirs may be null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atk_interp.expressions.types import ANY, NULL, RecordType, Type, join_types, maybe
from atk_interp.kinds.base import StepView

__all__ = ["OPEN", "after_when", "concatenated", "lacking_after", "lacking_in"]

OPEN = RecordType({}, open=True)
"""Rows of which nothing is known."""


def concatenated(inputs: Iterable[Type]) -> RecordType:
    """The rows of several steps, one after the other."""
    joined = join_types(inputs)
    return joined if isinstance(joined, RecordType) else RecordType({})


def after_when(before: RecordType, made: RecordType) -> RecordType:
    """Rows that pass a step and rows that pass it by: what only the step writes may be missing."""
    fields: dict[str, Type] = {}
    for name, type_ in made.fields.items():
        skipped = before.fields.get(name, ANY if before.open else NULL)
        fields[name] = maybe(type_) if skipped == NULL else join_types([type_, skipped])
    for name, type_ in before.fields.items():
        fields.setdefault(name, maybe(type_))
    return RecordType(fields, before.open or made.open)


def lacking_in(inputs: Mapping[str, RecordType], lacking: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Why fields of the rows of several steps may be null: what made them so, or the step that lacks them.

    `inputs` are the fields of each step, and `lacking` is the same of the rows of each.
    """
    if len(inputs) == 1:
        return lacking.get(next(iter(inputs)), {})
    told: dict[str, str] = {}
    for source, fields in inputs.items():
        told.update(lacking.get(source, {}))
        others = (name for other in inputs.values() for name in other.fields)
        if not fields.open:
            lacks = (name for name in others if name not in fields.fields)
            told.update({name: f"rows of step `{source}` have no `{name}`" for name in lacks})
    return told


def lacking_after(view: StepView, made: RecordType) -> dict[str, str]:
    """Why fields may be null in the rows that leave a step: because of the step, or as before it."""
    kept = {name: why for name, why in view.lacking.items() if made.fields.get(name) == view.input.fields.get(name)}
    by_when = f"is written by step `{view.step.name}` only where its `when` holds"
    skipped = [name for name in made.fields if name not in view.input.fields] if view.step.has_when else ()
    return {**kept, **{name: f"`{name}` {by_when}" for name in skipped}, **view.causes}
