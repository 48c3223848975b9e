"""What a key of a step takes: one declaration for the schema, the checks and the reference page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any

from atk_interp.records import dataclass

__all__ = ["Option", "Takes", "cerberus_schema"]


class Takes(Enum):
    """The sorts of values. `VALUE` sorts are a literal or `=expr` over the parameters of the pipeline."""

    INT = "whole number"
    NUMBER = "number"
    BOOL = "true or false"
    TEXT = "text"
    PATH = "path"
    NAME = "name"
    STEP = "name of a step"
    EXPRESSION = "expression"
    EXPRESSIONS = "expression or list of expressions"
    TEMPLATE = "template"
    LABELLED = "mapping of labels to expressions"
    FIELDS = "mapping of fields to values"
    NAMES = "list of names"
    STRUCTURE = "structure"


_CERBERUS: Mapping[Takes, dict[str, Any]] = {
    Takes.INT: {"type": ["integer", "formula"]},
    Takes.NUMBER: {"type": ["number", "formula"]},
    Takes.BOOL: {"type": ["boolean", "formula"]},
    Takes.TEXT: {"type": "string"},
    Takes.PATH: {"type": "string"},
    Takes.NAME: {"type": "string"},
    Takes.STEP: {"type": "string"},
    Takes.EXPRESSION: {"type": ["string", "boolean", "number"]},
    Takes.EXPRESSIONS: {"type": ["string", "list"], "schema": {"type": "string"}},
    Takes.TEMPLATE: {"type": "string"},
    Takes.LABELLED: {"type": "dict", "valuesrules": {"type": ["string", "boolean"]}, "minlength": 1},
    Takes.FIELDS: {"type": "dict", "minlength": 1},
    Takes.NAMES: {"type": "list", "schema": {"type": "string"}, "minlength": 1},
    Takes.STRUCTURE: {},
}


@dataclass(frozen=True)
class Option:
    """One key of a step. `default` is what holds when it is not given; `schema` refines a structure (cerberus)."""

    name: str
    takes: Takes
    help: str
    required: bool = False
    default: Any = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)

    def rules(self) -> dict[str, Any]:
        """The cerberus rules of the value."""
        rules: dict[str, Any] = {**_CERBERUS[self.takes], **self.schema, "meta": {"help": self.help}}
        if self.required:
            rules["required"] = True
        if self.min is not None:
            rules["min"] = self.min
        if self.max is not None:
            rules["max"] = self.max
        if self.choices and self.takes is Takes.TEXT:
            del rules["type"]
            rules["anyof"] = [{"type": "formula"}, {"type": "string", "allowed": list(self.choices)}]
        elif self.choices:
            rules["allowed"] = list(self.choices)
        return rules


def cerberus_schema(options: Iterable[Option]) -> dict[str, Any]:
    """The schema of a mapping with these keys."""
    return {option.name: option.rules() for option in options}
