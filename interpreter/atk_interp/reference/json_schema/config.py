"""The schema of config files: of any pipeline, or of one with its parameters and model slots."""

from __future__ import annotations

from typing import Any

from atk_interp.reference.json_schema.convert import Schema, closed, described_as, from_rules
from atk_interp.spec import ModelSlot, Param, PipelineSpec
from atk_interp.spec.schema import CONFIG_SCHEMA, ENDPOINT_SCHEMA

__all__ = ["config_schema", "item_schema", "param_type_schema"]

_TYPES: dict[str, Schema] = {
    "text": {"type": "string"},
    "path": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "list": {"type": "array"},
    "map": {"type": "object"},
}
_EXPECTS = {
    "instruct": "The pipeline expects an instruct model.",
    "reasoning": "The pipeline expects a reasoning model.",
    "embedding": "The pipeline expects a model that makes vectors of texts.",
    "any": "The pipeline takes any model.",
}


def config_schema(spec: PipelineSpec | None = None) -> Schema:
    """The schema of the configs of a pipeline; without one, of all: their parameters are then not known."""
    keys = {key: from_rules(rules) for key, rules in CONFIG_SCHEMA.items()}
    slots = {name: _slot(slot) for name, slot in spec.models.items()} if spec is not None else {}
    entry = {"$ref": "#/definitions/model"}
    keys["models"] |= {"properties": slots, "additionalProperties": False if spec is not None else entry}
    schema: Schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "atk-interp config" + (f" of {spec.name}" if spec is not None else ""),
        "type": "object",
        "properties": keys,
        "required": [key for key, rules in CONFIG_SCHEMA.items() if rules.get("required")],
        "definitions": {"model": _model(), "endpoint": _endpoint()},
    }
    return schema if spec is None else _with_params(schema, spec)


def param_type_schema(type_: str) -> Schema:
    """What a value of a parameter type must be; anything where the type is one of choices."""
    return dict(_TYPES.get(type_, {}))


def item_schema(of: str) -> Schema:
    """What an item of a list must be."""
    return {"type": "string"} if of == "text" else param_type_schema(of)


def _with_params(schema: Schema, spec: PipelineSpec) -> Schema:
    """Parameters stand at the top, or in sections of any name, which may hold sections again."""
    section = {"$ref": "#/definitions/section"}
    sections = {param.section for param in spec.params.values()}
    params: dict[str, Schema] = {name: {"$ref": f"#/definitions/param_{name}"} for name in spec.params}
    for name, param in spec.params.items():
        if name in sections and param.type != "map":  # a mapping is the section of this name
            params[name] = {"if": {"type": "object"}, "then": section, "else": params[name]}
    definitions = {f"param_{name}": _param(param) for name, param in spec.params.items()}
    definitions["section"] = described_as(
        "A section: a heading for parameters, and nothing more.",
        {"type": "object", "properties": params, "additionalProperties": section},
    )
    named = {param.section: section for param in spec.params.values() if param.section}
    schema["properties"] = {**named, **params, **schema["properties"]}
    schema["additionalProperties"] = section
    schema["definitions"] |= definitions
    return schema


def _param(param: Param) -> Schema:
    schema: dict[str, Any] = param_type_schema(param.type)
    if param.type == "list":
        return _described(param, schema | _items(param))
    if param.type == "map":
        schema |= _values(param) if param.of != "any" else _keys(param)
    if param.choices:
        schema["enum"] = [*param.choices, *([] if param.required else [None])]
    if param.min is not None:
        schema["minimum"] = param.min
    if param.max is not None:
        schema["maximum"] = param.max
    return _described(param, schema)


def _items(param: Param) -> Schema:
    item = item_schema(param.of)
    if param.choices:
        item["enum"] = list(param.choices)
    if param.of == "map":
        item |= _keys(param)
    least = {} if param.min is None else {"minItems": param.min}
    most = {} if param.max is None else {"maxItems": param.max}
    return {**({"items": item} if item else {}), **least, **most}


def _values(param: Param) -> Schema:
    return {"additionalProperties": item_schema(param.of) | (_keys(param) if param.of == "map" else {})}


def _keys(param: Param) -> Schema:
    """The keys of a map: those that it must have, and all that it may have, where that is said."""
    known = {key: _param(taken) for key, taken in param.takes.items()}
    closing = {"properties": known, "additionalProperties": False} if known else {}
    return {**closing, **({"required": list(param.needs)} if param.needs else {})}


def _described(param: Param, schema: Schema) -> Schema:
    if not param.required and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if param.default is not None:
        schema["default"] = param.default
    needed = "Required." if param.required else ""
    return described_as(" ".join(part for part in (param.help, needed) if part), schema)


def _slot(slot: ModelSlot) -> Schema:
    return described_as(_EXPECTS.get(slot.expects, ""), {"$ref": "#/definitions/model"})


def _model() -> Schema:
    """What stands under a slot: an endpoint, or the one word for the model in this process."""
    return {"anyOf": [{"$ref": "#/definitions/endpoint"}, {"const": "embedded"}]}


def _endpoint() -> Schema:
    """Without a `provider` a model's name is needed; a script needs its file."""
    schema = closed({key: from_rules(rules) for key, rules in ENDPOINT_SCHEMA.items()})
    schema["if"] = {"required": ["provider"], "properties": {"provider": {"enum": ["embedded", "scripted"]}}}
    schema["then"] = {
        "if": {"properties": {"provider": {"const": "scripted"}, "model": {"not": {"const": "embedded"}}}},
        "then": {"required": ["script"]},
    }
    schema["else"] = {"required": ["model"]}
    return described_as("Where the calls of a model slot are sent.", schema)
