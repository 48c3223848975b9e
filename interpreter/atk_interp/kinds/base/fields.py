"""Fields that a spec declares with their types, because nothing else can tell them before a run."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.expressions.types import ANY, BOOL, FLOAT, INT, TEXT, ListType, RecordType, Type
from atk_interp.spec import Option, Takes

__all__ = ["TYPES", "declared_types", "fields_option"]

TYPES: Mapping[str, Type] = {
    "text": TEXT,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "list": ListType(ANY),
    "record": RecordType({}, open=True),
    "any": ANY,
}


def fields_option(help: str) -> Option:
    """The option `fields`: names with their types."""
    rules = {"type": "dict", "minlength": 1, "valuesrules": {"type": "string", "allowed": list(TYPES)}}
    return Option("fields", Takes.STRUCTURE, f"{help} Types are {', '.join(TYPES)}.", schema=rules)


def declared_types(fields: Mapping[str, str]) -> dict[str, Type]:
    """The types of declared fields."""
    return {name: TYPES[type_] for name, type_ in fields.items()}
