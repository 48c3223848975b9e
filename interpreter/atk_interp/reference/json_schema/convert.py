"""From the rules of keys (cerberus) to JSON Schema, draft 7: what every editor reads.

Where a rule takes `=expr` beside a literal, so does the schema: a text that begins with `=`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from atk_interp.reference.rules import taken
from atk_interp.spec import Option

__all__ = ["Schema", "branches", "closed", "described_as", "from_option", "from_rules"]

Schema: TypeAlias = "dict[str, Any]"

_TYPES = {
    "integer": "integer",
    "number": "number",
    "float": "number",
    "boolean": "boolean",
    "string": "string",
    "list": "array",
    "dict": "object",
    "formula": "string",
}
_BOUNDS = {"min": "minimum", "max": "maximum", "regex": "pattern"}
_LEAST = {"list": "minItems", "dict": "minProperties", "string": "minLength"}
_MOST = {"list": "maxItems", "dict": "maxProperties", "string": "maxLength"}
_UNDERSTOOD = {
    *("type", "nullable", "required", "allowed", "forbidden", "empty", "minlength", "maxlength", "meta"),
    *("schema", "valuesrules", "keysrules", "anyof", "oneof", *_BOUNDS),
}
_FORMULA = "^="


def from_option(option: Option) -> Schema:
    """The schema of one key of a step or output, with its default."""
    schema = from_rules(option.rules())
    if option.default is not None and not option.required:
        schema["default"] = option.default
    return schema


def from_rules(rules: Mapping[str, Any]) -> Schema:
    """The schema of a value. Raises `ValueError` for a rule that is not understood: it would be lost in silence."""
    unknown = rules.keys() - _UNDERSTOOD
    if unknown:
        raise ValueError(f"no JSON Schema is known for the rules {sorted(unknown)}")
    types = _types(rules)
    if "string" in types and "list" in types:
        return described_as(_help(rules), {"anyOf": [_plain(rules, [type_]) for type_ in types]})
    return described_as(_help(rules), _plain(rules, types))


def _types(rules: Mapping[str, Any]) -> list[str]:
    named = rules.get("type", ())
    return [named] if isinstance(named, str) else list(named)


def _help(rules: Mapping[str, Any]) -> str:
    return str(rules.get("meta", {}).get("help", ""))


def _plain(rules: Mapping[str, Any], types: list[str]) -> Schema:
    """The schema of a value of these types, all in one: findings are clearer than those of several in `anyOf`."""
    schema: Schema = {}
    if types:
        listed = [*dict.fromkeys(_TYPES[type_] for type_ in types), *(["null"] if rules.get("nullable") else [])]
        schema["type"] = listed if len(listed) > 1 else listed[0]
    if "formula" in types and "string" not in types:
        schema |= {"pattern": _FORMULA, "patternErrorMessage": f"expected: {taken(rules)}"}
    if "allowed" in rules:
        schema["enum"] = list(rules["allowed"])
    if "forbidden" in rules:
        schema["not"] = {"enum": list(rules["forbidden"])}
    elif not types and "allowed" not in rules and not rules.get("nullable"):
        schema["not"] = {"type": "null"}
    schema |= {name: rules[rule] for rule, name in _BOUNDS.items() if rule in rules}
    schema |= _lengths(rules, types) | _inside(rules, types)
    schema |= {
        name: [from_rules(part) for part in rules[rule]]
        for rule, name in (("anyof", "anyOf"), ("oneof", "oneOf"))
        if rule in rules
    }
    return schema


def described_as(text: str, schema: Mapping[str, Any]) -> Schema:
    """The schema under a description, which editors show; in Markdown where it is more than one plain sentence."""
    if not text:
        return dict(schema)
    rich = {"markdownDescription": text} if "`" in text or "\n" in text else {}
    return {"description": text, **rich, **schema}


def closed(properties: Mapping[str, Any], required: Iterable[str] = ()) -> Schema:
    """A mapping with these keys and no others."""
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    wanted = list(required)
    return {**schema, "required": wanted} if wanted else schema


def branches(key: str, cases: Mapping[str, Schema]) -> list[Schema]:
    """For each value of a key, what the mapping must be then: findings speak of that case alone."""
    return [
        {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}
        for value, then in cases.items()
    ]


def _lengths(rules: Mapping[str, Any], types: Iterable[str]) -> Schema:
    schema: Schema = {}
    for type_ in types:
        if type_ in _LEAST and "minlength" in rules:
            schema[_LEAST[type_]] = rules["minlength"]
        if type_ in _MOST and "maxlength" in rules:
            schema[_MOST[type_]] = rules["maxlength"]
        if type_ in _LEAST and rules.get("empty") is False:
            schema[_LEAST[type_]] = 1
    return schema


def _inside(rules: Mapping[str, Any], types: list[str]) -> Schema:
    """What the items of a list, or the keys and values of a mapping, must be."""
    schema: Schema = {}
    inner = rules.get("schema")
    if inner is not None and "list" in types:
        schema["items"] = from_rules(inner)
    elif inner is not None and "dict" in types:
        schema |= closed(
            {key: from_rules(part) for key, part in inner.items()},
            [key for key, part in inner.items() if part.get("required")],
        )
        del schema["type"]  # `rules` say it
    if "valuesrules" in rules:
        schema["additionalProperties"] = from_rules(rules["valuesrules"])
    if "keysrules" in rules:
        schema["propertyNames"] = from_rules(rules["keysrules"])
    return schema
