"""Fields that a spec declares with their types, because nothing else can tell them before a run."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.expressions.types import ANY, BOOL, FLOAT, INT, TEXT, ListType, RecordType, Type

__all__ = ["TYPES", "declared_types"]

TYPES: Mapping[str, Type] = {
    "text": TEXT,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "list": ListType(ANY),
    "record": RecordType({}, open=True),
    "any": ANY,
}


def declared_types(fields: Mapping[str, str]) -> dict[str, Type]:
    """The types of declared fields."""
    return {name: TYPES[type_] for name, type_ in fields.items()}
