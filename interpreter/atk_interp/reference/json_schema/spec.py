"""The schema of pipeline specs: a branch for each step kind, each parser of replies and each output format."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from typing import Any

from atk_interp.formats.outputs import OUTPUTS, OutputFormat
from atk_interp.kinds import KINDS, StepKind
from atk_interp.kinds.base import Cardinality
from atk_interp.reference.json_schema.config import item_schema, param_type_schema
from atk_interp.reference.json_schema.convert import (
    Schema,
    branches,
    closed,
    described_as,
    from_option,
    from_rules,
)
from atk_interp.reference.json_schema.messages import marked_definitions, message_definitions
from atk_interp.reference.markdown import described
from atk_interp.replies import REPLY_KINDS, ReplyKind
from atk_interp.replies.options import KEY_HELP
from atk_interp.spec import BUILT_IN_NAMES, LANGUAGE_VERSION, Option, Takes
from atk_interp.spec.load import LEAVES_FOLDER
from atk_interp.spec.names import NAME, RESERVED_NAMES, TAKEN_BY_THE_CALL
from atk_interp.spec.schema import (
    ITEM_TYPES,
    OUTPUT_SCHEMA,
    PARAM_SCHEMA,
    PARAM_TYPES,
    SLOT_SCHEMA,
    SPEC_SCHEMA,
    STEP_SCHEMA,
)

__all__ = ["spec_schema"]

_STRUCTURES = {"parse": "parse", "messages": "messages", "steps": "steps"}
"""Structures that have a definition of their own, by the options that take them."""
_MAKE_ROWS = (Cardinality.SOURCE, Cardinality.SOURCE_OR_ONE, Cardinality.SOURCE_OR_MANY)
"""What needs no `from`."""
_NEVER_IN_LOOPS = (Cardinality.SOURCE, Cardinality.SET, Cardinality.MERGED, Cardinality.JOINED)
_OUTSIDE = ("from", "use")
"""Keys of a step that belong to the loop when it stands in one."""
_MANY = "Whether a reply may hold several readings: the row then becomes as many rows."


def spec_schema() -> Schema:
    """The schema of a whole spec."""
    top = {key: from_rules(rules) for key, rules in SPEC_SCHEMA.items()}
    top["spec"]["enum"] = [LANGUAGE_VERSION]
    top["params"] |= _by_name("param", [*BUILT_IN_NAMES, *TAKEN_BY_THE_CALL, *keyword.kwlist])
    top["models"] |= _by_name("slot")
    top["steps"] |= _by_name("step")
    top["outputs"] |= {
        "additionalProperties": {"$ref": "#/definitions/output"},
        "propertyNames": {"not": {"pattern": LEAVES_FOLDER}},
    }
    top["checks"]["items"] = {"type": "string"}
    definitions = {
        "param": _param(),
        "slot": closed({key: from_rules(rules) for key, rules in SLOT_SCHEMA.items()}),
        "step": _any_step(),
        "steps": _steps_of_loops(),
        **{f"step_{name}": _step(kind) for name, kind in KINDS.items()},
        "parse": _parse(),
        **{f"parse_{name}": _parser(kind) for name, kind in REPLY_KINDS.items()},
        "output": _choosing("format", OUTPUT_SCHEMA, {name: output.help for name, output in OUTPUTS.items()}, "output"),
        **{f"output_{name}": _output(output) for name, output in OUTPUTS.items()},
        **message_definitions(),
        **marked_definitions(),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "atk-interp pipeline spec",
        **closed(top, _required(SPEC_SCHEMA)),
        "definitions": definitions,
    }


def _required(schema: Mapping[str, Any]) -> list[str]:
    return [key for key, rules in schema.items() if rules.get("required")]


def _by_name(definition: str, taken: Iterable[str] = ()) -> Schema:
    """A mapping from names that the language can use to what a definition says."""
    names = {"pattern": f"^{NAME}$", "not": {"enum": sorted({*RESERVED_NAMES, *taken})}}
    return {"additionalProperties": {"$ref": f"#/definitions/{definition}"}, "propertyNames": names}


def _param() -> Schema:
    """A parameter, whose default is of its type and which lists its choices where the type wants them."""
    schema = closed({key: from_rules(rules) for key, rules in PARAM_SCHEMA.items()}, _required(PARAM_SCHEMA))
    cases: dict[str, Schema] = {
        type_: {"properties": {"default": param_type_schema(type_), "of": False, "needs": False, "takes": False}}
        for type_ in PARAM_TYPES
    }
    cases["choice"] |= {"required": ["choices"]}
    cases |= {type_: {"properties": {"default": param_type_schema(type_)}} for type_ in ("list", "map")}
    listed = {
        of: {"properties": {"default": {"items": item_schema(of), "additionalProperties": item_schema(of)}}}
        for of in ITEM_TYPES
    }
    return {**schema, "allOf": [*branches("type", cases), *branches("of", listed)]}


def _choosing(key: str, common: Mapping[str, Any], values: Mapping[str, str], what: str) -> Schema:
    """A mapping in which one key says what the others may be."""
    properties = {name: from_rules(rules) for name, rules in common.items()}
    properties[key] |= {
        "enum": list(values),
        "enumDescriptions": [text.split("\n")[0] for text in values.values()],
    }
    cases = {value: {"$ref": f"#/definitions/{what}_{value}"} for value in values}
    required = _required(common)
    return {"type": "object", "properties": properties, "required": required, "allOf": branches(key, cases)}


def _any_step() -> Schema:
    """A step of any kind; those that have no rows of their own say whose rows they take."""
    schema = _choosing("kind", STEP_SCHEMA, {name: described(kind) for name, kind in KINDS.items()}, "step")
    taking = [name for name, kind in KINDS.items() if kind.cardinality not in _MAKE_ROWS]
    condition = {"properties": {"kind": {"enum": taking}}, "required": ["kind"]}
    schema["allOf"].append({"if": condition, "then": {"required": ["from"]}})
    return schema


def _steps_of_loops() -> Schema:
    """Steps within a step: they stand in a row, so none says whose rows it takes."""
    kinds = {name: described(kind) for name, kind in KINDS.items() if kind.cardinality not in _NEVER_IN_LOOPS}
    step = _choosing("kind", {key: rules for key, rules in STEP_SCHEMA.items() if key not in _OUTSIDE}, kinds, "step")
    step["propertyNames"] = {"not": {"enum": list(_OUTSIDE)}}
    return {"type": "object", "minProperties": 1, "additionalProperties": step}


def _step(kind: StepKind) -> Schema:
    """The keys of one kind; those that every step has are only named, for `step` describes them."""
    is_source = kind.cardinality is Cardinality.SOURCE
    common = {key: True for key in STEP_SCHEMA if key != "from" or not is_source}
    own = {option.name: _option(option) for option in kind.options}
    required = [option.name for option in kind.options if option.required]
    schema = closed({**common, **own}, required)
    if kind.needs:
        schema["allOf"] = [{"anyOf": [{"required": [name]} for name in group]} for group in kind.needs]
    if kind.together:
        schema["dependencies"] = {name: [other for other in kind.together if other != name] for name in kind.together}
    return described_as(described(kind), schema)


def _output(output: OutputFormat) -> Schema:
    structures = {**_STRUCTURES, "messages": "marked_messages"} if output.trains else _STRUCTURES
    own = {option.name: _option(option, structures) for option in output.options}
    required = [option.name for option in output.options if option.required]
    schema = closed({**dict.fromkeys(OUTPUT_SCHEMA, True), **own}, required)
    if output.one_of:
        schema["oneOf"] = [{"required": [name]} for name in output.one_of]
    return described_as(output.help, schema)


def _option(option: Option, structures: Mapping[str, str] = _STRUCTURES) -> Schema:
    schema = from_option(option)
    if option.takes is Takes.STRUCTURE and option.name in structures and "schema" not in option.schema:
        return {**schema, "allOf": [{"$ref": f"#/definitions/{structures[option.name]}"}]}
    return schema


def _parse() -> Schema:
    """One of the parsers. Until one is named all of them are on offer; then only the keys beside it."""
    names = list(REPLY_KINDS)
    named = [{"if": {"required": [name]}, "then": {"$ref": f"#/definitions/parse_{name}"}} for name in names]
    offered = {name: described_as(described(kind).split("\n")[0], {}) for name, kind in REPLY_KINDS.items()}
    unnamed = {"properties": offered, "additionalProperties": False, "minProperties": 1}
    any_named = {"anyOf": [{"required": [name]} for name in names]}
    return {"type": "object", "allOf": [*named, {"if": any_named, "then": True, "else": unnamed}]}


def _parser(kind: ReplyKind) -> Schema:
    keys = {kind.name: described_as(described(kind), from_rules(kind.value_schema))}
    keys |= {key: described_as(KEY_HELP[key], from_rules(rules)) for key, rules in kind.schema.items()}
    if kind.takes_many:
        keys["many"] = described_as(_MANY, {"type": "boolean", "default": False})
    return closed(keys, [kind.name, *_required(kind.schema)])
