"""The parts of a JSON Schema that say what may stand at a path, given what stands there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.document import Path
from atk_interp.reference.json_schema import Schema

__all__ = ["keys_at", "said_of", "schemas_at", "values_of"]

_DEEPEST = 40


def schemas_at(schema: Schema, data: Any, path: Path) -> list[Schema]:
    """Every part that speaks of the value at a path. `data` decides the branches, as far as it is there."""
    found = list(_spread(schema, data, schema))
    for part in path:
        inner = _inside(data, part)
        found = [deeper for one in found for child in _children(one, part) for deeper in _spread(child, inner, schema)]
        data = inner
    return found


def keys_at(schema: Schema, data: Any, path: Path) -> dict[str, Schema]:
    """The keys that the mapping at a path may have, with what is said of each."""
    found: dict[str, Schema] = {}
    for one in schemas_at(schema, data, path):
        for key, child in one.get("properties", {}).items():
            parts = list(_spread(child, None, schema))
            merged = {name: value for part in reversed(parts) for name, value in part.items()}
            found[key] = {**found.get(key, {}), **merged}
    everywhere = schemas_at(schema, data, path)
    closed = [one["properties"] for one in everywhere if one.get("additionalProperties") is False]
    barred = {name for one in everywhere for name in one.get("propertyNames", {}).get("not", {}).get("enum", ())}
    return {key: child for key, child in found.items() if key not in barred and all(key in known for known in closed)}


def values_of(schemas: list[Schema]) -> dict[Any, str]:
    """The values that are listed, each with what is said of it."""
    found: dict[Any, str] = {}
    for schema in schemas:
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        said = schema.get("enumDescriptions", [""] * len(values))
        found |= {value: text for value, text in zip(values, said, strict=False) if not isinstance(value, list | dict)}
        if schema.get("type") == "boolean":
            found |= {True: "", False: ""}
    return found


def said_of(schemas: list[Schema]) -> str:
    """The first description among these, with the default where there is one."""
    said = next((one["description"] for one in schemas if one.get("description")), "")
    default = next((one["default"] for one in schemas if "default" in one), None)
    return str(said) + (f"\n\nDefault: `{_shown(default)}`" if said and default is not None else "")


def _shown(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _inside(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _children(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        child = schema.get("items")
    else:
        child = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    if isinstance(child, dict):
        yield child


def _spread(schema: Any, data: Any, root: Schema, depth: int = 0) -> Iterator[Schema]:
    """A schema and all that it refers to: `$ref`, `allOf`, the alternatives, and the branches that hold."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    yield schema
    parts: list[Any] = [*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if "$ref" in schema:
        parts.append(root["definitions"].get(schema["$ref"].rpartition("/")[2]))
    if "if" in schema:
        parts.append(schema.get("then" if _holds(schema["if"], data) else "else"))
    for part in parts:
        yield from _spread(part, data, root, depth + 1)


def _holds(condition: Schema, data: Any) -> bool:
    """Whether a condition of ours holds: keys that are there, and values that they have."""
    given: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if any(key not in given for key in condition.get("required", ())):
        return False
    if "anyOf" in condition and not any(_holds(one, data) for one in condition["anyOf"]):
        return False
    for key, wanted in condition.get("properties", {}).items():
        if key in given and "const" in wanted and given[key] != wanted["const"]:
            return False
        if key in given and "enum" in wanted and given[key] not in wanted["enum"]:
            return False
        if key in given and "not" in wanted and given[key] == wanted["not"].get("const"):
            return False
    return True
