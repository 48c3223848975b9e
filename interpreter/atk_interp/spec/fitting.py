"""Whether plain data surely fits a cerberus schema: the common answer, without the price of cerberus.

Nearly every mapping of nearly every spec is as it should be, and cerberus takes longer to be imported and to say so
than all other checks together. It is asked when this is not sure, and it alone says what is wrong: a yes from here
is a yes of cerberus, a no from here is none of anybody. A rule that is not known here is one reason not to be sure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["fits"]


def fits(data: Mapping[Any, Any], schema: Mapping[Any, Any]) -> bool:
    """Whether cerberus would certainly accept a mapping, no unknown key allowed."""
    for key, value in data.items():
        rules = schema.get(key)
        if rules is None or not _value_fits(value, rules):
            return False
    return all(key in data for key, rules in schema.items() if rules.get("required"))


def _value_fits(value: Any, rules: Mapping[str, Any]) -> bool:
    if value is None:
        return bool(rules.get("nullable", False)) and rules.keys() <= _CHECKS.keys()
    for name, constraint in rules.items():
        check = _CHECKS.get(name)
        if check is None or not check(value, constraint):
            return False
    return True


def _has_type(value: Any, names: str | list[str]) -> bool:
    return any(_TYPES[name](value) for name in ([names] if isinstance(names, str) else names) if name in _TYPES)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "string": lambda value: isinstance(value, str),
    "formula": lambda value: isinstance(value, str) and value.startswith("="),
    "list": lambda value: isinstance(value, list),
    "dict": lambda value: isinstance(value, dict),
}


def _inner_fits(value: Any, schema: Any) -> bool:
    """`schema` is of the keys of a mapping, or of every item of a list; of a text it says nothing."""
    if isinstance(value, list):
        return isinstance(schema, Mapping) and all(_value_fits(item, schema) for item in value)
    if isinstance(value, dict):
        return isinstance(schema, Mapping) and all(map(_is_mapping, schema.values())) and fits(value, schema)
    return True


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


_CHECKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "meta": lambda value, constraint: True,
    "required": lambda value, constraint: True,
    "nullable": lambda value, constraint: True,
    "type": _has_type,
    "allowed": lambda value, allowed: _is_scalar(value) and value in allowed,
    "forbidden": lambda value, forbidden: _is_scalar(value) and value not in forbidden,
    "min": lambda value, least: isinstance(value, str) or (isinstance(value, int | float) and value >= least),
    "max": lambda value, most: isinstance(value, str) or (isinstance(value, int | float) and value <= most),
    "minlength": lambda value, least: isinstance(value, str | list | dict) and len(value) >= least,
    "maxlength": lambda value, most: isinstance(value, str | list | dict) and len(value) <= most,
    "empty": lambda value, may_be: not isinstance(value, str | list | dict) or len(value) > 0,
    "schema": _inner_fits,
    "valuesrules": lambda value, rules: all(
        _value_fits(item, rules) for item in (value.values() if isinstance(value, dict) else ())
    ),
    "keysrules": lambda value, rules: all(
        _value_fits(key, rules) for key in (value if isinstance(value, dict) else ())
    ),
}
"""The rules that are known here. Each is as strict as that of cerberus, or stricter."""
