"""What a key takes, in words: from the options of kinds and formats, and from the schemas behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from atk_interp.reference.markdown import code, table
from atk_interp.reference.yaml_text import flow
from atk_interp.spec import Option, Takes

__all__ = ["bounds", "option_table", "schema_table", "taken"]

_SORTS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "float": "number",
    "boolean": "true or false",
    "dict": "mapping",
    "list": "list",
    "formula": "`=expr`",
}
_OR_FORMULA = (Takes.INT, Takes.NUMBER, Takes.BOOL, Takes.TEXT, Takes.PATH)


def option_table(options: Iterable[Option]) -> str:
    """The options of a kind or format, one line each."""
    rows = [[code(option.name), _option(option), _default(option), option.help] for option in options]
    return table(["key", "takes", "default", "is"], rows)


def schema_table(schema: Mapping[str, Any], defaults: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The keys of a mapping with a schema, each of which says in `meta` what it is for."""
    rows = []
    for key, rules in schema.items():
        default = "**required**" if rules.get("required") else _shown(defaults.get(key))
        rows.append([code(key), taken(rules), default, rules["meta"]["help"]])
    return table(["key", "takes", "default", "is"], rows)


def taken(rules: Mapping[str, Any]) -> str:
    """What a value must be, from its cerberus rules."""
    if rules.get("allowed"):
        return " ".join(code(choice) for choice in rules["allowed"])
    sorts = rules.get("type", ())
    named = [_SORTS[sort] for sort in ([sorts] if isinstance(sorts, str) else sorts)]
    return " or ".join(named or ["anything"]) + bounds(rules.get("min"), rules.get("max"))


def bounds(least: float | None, most: float | None) -> str:
    """The range of a number, behind its sort."""
    if least is not None and most is not None:
        return f", {least} to {most}"
    if least is not None:
        return f", at least {least}"
    return f", at most {most}" if most is not None else ""


def _option(option: Option) -> str:
    formula = " or `=expr`" if option.takes in _OR_FORMULA else ""
    if option.choices:
        return " ".join(code(choice) for choice in option.choices) + formula
    if option.takes is Takes.STRUCTURE:
        return taken(option.rules())
    return f"{option.takes.value}{formula}{bounds(option.min, option.max)}"


def _default(option: Option) -> str:
    return "**required**" if option.required else _shown(option.default)


def _shown(default: Any) -> str:
    empty = default is None or default == "" or (isinstance(default, Mapping | Sequence) and not default)
    return "" if empty else code(default if isinstance(default, str) else flow(default))
