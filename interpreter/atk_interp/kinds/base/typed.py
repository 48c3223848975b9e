"""Declared fields whose values are held to their types when a run has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.expressions.types import Type, maybe
from atk_interp.formats.declared import NOUNS, Misfit, fitted
from atk_interp.kinds.base.fields import TYPES, declared_types
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.values import Value

__all__ = ["TYPED_FIELDS", "TypedFields", "typed_fields_option"]

_RULES = {"type": {"type": "string", "allowed": list(TYPES), "required": True}, "optional": {"type": "boolean"}}
_RULE = {"anyof": [{"type": "string", "allowed": list(TYPES)}, {"type": "dict", "schema": _RULES}]}


def typed_fields_option(help: str, *, required: bool = False) -> Option:
    """The option `fields`: names with their types, each of which may be optional."""
    schema = {"type": "dict", "minlength": 1, "valuesrules": _RULE}
    return Option("fields", Takes.STRUCTURE, help, required=required, schema=schema)


TYPED_FIELDS = typed_fields_option(
    f"The fields that come out, with their types: {', '.join(TYPES)}; `{{type: text, optional: true}}` may be null.",
    required=True,
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
        try:
            return fitted(kind, found)
        except Misfit:
            raise ValueError(f"{_said(found)} for `{name}`, and not {NOUNS[kind]}") from None


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
