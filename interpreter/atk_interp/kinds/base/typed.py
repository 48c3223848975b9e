"""Declared fields whose values are held to their types when a run has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atk_interp.expressions.types import Type, maybe
from atk_interp.kinds.base.fields import TYPES, declared_types
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.values import Value

__all__ = ["TYPED_FIELDS", "TypedFields"]

_RULES = {"type": {"type": "string", "allowed": list(TYPES), "required": True}, "optional": {"type": "boolean"}}
_RULE = {"anyof": [{"type": "string", "allowed": list(TYPES)}, {"type": "dict", "schema": _RULES}]}

TYPED_FIELDS = Option(
    "fields",
    Takes.STRUCTURE,
    f"The fields that come out, with their types: {', '.join(TYPES)}; `{{type: text, optional: true}}` may be null.",
    required=True,
    schema={"type": "dict", "minlength": 1, "valuesrules": _RULE},
)


@dataclass(frozen=True)
class TypedFields:
    """Fields with the names of their types, and those that may be null."""

    kinds: Mapping[str, str]
    optional: frozenset[str]

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> TypedFields:
        """As they are written under `fields`."""
        kinds = {name: rule if isinstance(rule, str) else rule["type"] for name, rule in written.items()}
        return cls(
            kinds, frozenset(name for name, rule in written.items() if isinstance(rule, dict) and rule.get("optional"))
        )

    @property
    def types(self) -> dict[str, Type]:
        found = declared_types(self.kinds)
        return {name: maybe(type_) if name in self.optional else type_ for name, type_ in found.items()}

    def read(self, value: Value) -> dict[str, Value]:
        """The fields of a value. Raises `ValueError` with what was found instead, to stand after "gave"."""
        if not isinstance(value, dict):
            raise ValueError(f"{_said(value)}, and not a mapping")
        unknown = [name for name in value if name not in self.kinds]
        if unknown:
            raise ValueError(f"`{unknown[0]}`, which is not under `fields`")
        return {name: self._one(name, value) for name in self.kinds}

    def _one(self, name: str, value: Mapping[str, Value]) -> Value:
        found, kind = value.get(name), self.kinds[name]
        if name not in value and name not in self.optional:
            raise ValueError(f"no `{name}`")
        if found is None and (name in self.optional or kind == "any"):
            return None
        if not _HOLDS[kind](found):
            raise ValueError(f"{_said(found)} for `{name}`, and not {_NOUNS[kind]}")
        return float(found) if kind == "float" and isinstance(found, int) else found


def _said(value: Value) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return f"the number {value}"


_NOUNS = {
    "text": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "record": "a mapping",
    "any": "a value",
}
_HOLDS: Mapping[str, Callable[[Value], bool]] = {
    "text": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "record": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}
