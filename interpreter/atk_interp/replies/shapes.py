"""The small schema of a `json` reply: what each field must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from atk_interp.expressions.types import ANY, BOOL, FLOAT, INT, TEXT, ListType, RecordType, TextType, Type, maybe
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.base import OptionsError, ReplyUnreadable
from atk_interp.replies.cleaning import excerpt, quoted
from atk_interp.values import Value, encode

__all__ = ["Shape", "read_record", "record_schema", "shapes", "unwrapped"]

_KINDS = ("text", "int", "float", "bool", "list", "record", "any")
_RULES = ("type", "optional", "choices", "min", "max", "items", "fields")
_JSON_NAMES = {"text": "string", "int": "integer", "float": "number", "bool": "boolean"}


@dataclass(frozen=True)
class Shape:
    """What one value must be. `choices` are for text; `low` and `high` bound numbers, or the length of a list."""

    kind: str
    optional: bool = False
    choices: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None
    items: Shape | None = None
    members: Mapping[str, Shape] = field(default_factory=dict)

    @property
    def type(self) -> Type:
        return maybe(self._own_type()) if self.optional else self._own_type()

    def _own_type(self) -> Type:
        match self.kind:
            case "text":
                return TextType(self.choices) if self.choices else TEXT
            case "list":
                return ListType(self.items.type if self.items else ANY)
            case "record":
                members = {name: shape.type for name, shape in self.members.items()}
                return RecordType(members, open=not members)
        return {"int": INT, "float": FLOAT, "bool": BOOL}.get(self.kind, ANY)

    def read(self, value: Value, place: str) -> Value:
        """The value as this shape has it. Raises `ReplyUnreadable`, naming the `place` (a path of fields)."""
        if value is None or (isinstance(value, str) and not value.strip()):
            if self.optional:
                return None
            if self.kind != "any":
                raise ReplyUnreadable(f"expected {self._noun()} in `{place}`, found nothing")
        return _READ[self.kind](self, value, place)

    def unfit(self, value: Value, place: str) -> ReplyUnreadable:
        return ReplyUnreadable(f"expected {self._noun()} in `{place}`, found {excerpt(encode(value).decode())}")

    def in_bounds(self, size: float) -> bool:
        return (self.low is None or size >= self.low) and (self.high is None or size <= self.high)

    def _noun(self) -> str:
        if self.choices:
            return f"one of {quoted(self.choices)}"
        noun = {"text": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}.get(self.kind)
        noun = noun or {"list": "a list", "record": "an object"}.get(self.kind, "a value")
        of = " items" if self.kind == "list" else ""
        if self.low is not None:
            noun += f" of at least {self.low}{of}" if self.high is None else f" of {self.low} to {self.high}{of}"
        elif self.high is not None:
            noun += f" of at most {self.high}{of}"
        return noun

    def schema(self) -> dict[str, Value]:
        """This shape as JSON Schema; what is optional may be null, as strict endpoints want it."""
        schema = self._own_schema()
        if self.optional and "type" in schema:
            schema["type"] = [schema["type"], "null"]
            if "enum" in schema:
                schema["enum"] = [*(self.choices or ()), None]
        return schema

    def _own_schema(self) -> dict[str, Value]:
        match self.kind:
            case "text":
                return {"type": "string", "enum": list(self.choices)} if self.choices else {"type": "string"}
            case "list":
                items = self.items.schema() if self.items else {}
                return {"type": "array", "items": items, **self._limits("minItems", "maxItems")}
            case "record":
                return record_schema(self.members) if self.members else {"type": "object"}
            case "any":
                return {}
        return {"type": _JSON_NAMES[self.kind], **self._limits("minimum", "maximum")}

    def _limits(self, least: str, most: str) -> dict[str, Value]:
        limits = {least: self.low, most: self.high}
        return {name: limit for name, limit in limits.items() if limit is not None}

    @property
    def is_closed(self) -> bool:
        """Whether all that it may hold is listed, as strict endpoints want it."""
        if self.kind == "list":
            return self.items is not None and self.items.is_closed
        if self.kind == "record":
            return bool(self.members) and all(shape.is_closed for shape in self.members.values())
        return self.kind != "any"


def record_schema(members: Mapping[str, Shape]) -> dict[str, Value]:
    """The JSON Schema of an object with exactly these members."""
    return {
        "type": "object",
        "properties": {name: shape.schema() for name, shape in members.items()},
        "required": list(members),
        "additionalProperties": False,
    }


def read_record(members: Mapping[str, Shape], value: Value, place: str = "") -> dict[str, Value]:
    """The members of an object. Names are compared without case and with space or `-` for `_`; others are passed over.

    Of a name in several spellings the exact one counts, or else the last. Raises `ReplyUnreadable`.
    """
    if not isinstance(value, dict):
        raise ReplyUnreadable(
            f"expected an object{f' in `{place}`' if place else ''}, found {excerpt(encode(value).decode())}"
        )
    folded = {_folded(name): name for name in value}
    record: dict[str, Value] = {}
    for name, shape in members.items():
        given = name if name in value else folded.get(_folded(name))
        path = f"{place}.{name}" if place else name
        if given is None and not shape.optional:
            raise ReplyUnreadable(f"expected `{path}` in the JSON, found {quoted(list(value)[:8]) or 'nothing'}")
        record[name] = None if given is None else shape.read(value[given], path)
    return record


def unwrapped(members: Mapping[str, Shape], value: Value) -> Value:
    """What an array holds as its only item, or an object as its only member, unless that is one of the members."""
    wanted = {_folded(name) for name in members}
    while isinstance(value, list | dict) and len(value) == 1:
        if isinstance(value, dict) and not wanted.isdisjoint(_folded(name) for name in value):
            break
        inner = next(iter(value.values() if isinstance(value, dict) else value))
        if not isinstance(inner, list | dict):
            break
        value = inner
    return value


def _folded(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def _read_text(shape: Shape, value: Value, place: str) -> Value:
    if not isinstance(value, str) or not value.strip():
        raise shape.unfit(value, place)
    text = value.strip()
    if shape.choices is None:
        return text
    chosen = next((choice for choice in shape.choices if choice.lower() == text.lower()), None)
    if chosen is None:
        raise shape.unfit(value, place)
    return chosen


def _read_number(shape: Shape, value: Value, place: str) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float) or not shape.in_bounds(value):
        raise shape.unfit(value, place)
    if shape.kind == "float":
        return value
    if value != int(value) or abs(value) >= 2**63:
        raise shape.unfit(value, place)
    return int(value)


def _read_bool(shape: Shape, value: Value, place: str) -> Value:
    if not isinstance(value, bool):
        raise shape.unfit(value, place)
    return value


def _read_list(shape: Shape, value: Value, place: str) -> Value:
    if not isinstance(value, list) or not shape.in_bounds(len(value)):
        raise shape.unfit(value, place)
    if shape.items is None:
        return value
    return [shape.items.read(item, f"{place}[{index}]") for index, item in enumerate(value)]


def _read_record(shape: Shape, value: Value, place: str) -> Value:
    if not isinstance(value, dict):
        raise shape.unfit(value, place)
    return read_record(shape.members, value, place) if shape.members else value


def _read_any(shape: Shape, value: Value, place: str) -> Value:
    return value


_READ: Mapping[str, Callable[[Shape, Value, str], Value]] = {
    "text": _read_text,
    "int": _read_number,
    "float": _read_number,
    "bool": _read_bool,
    "list": _read_list,
    "record": _read_record,
    "any": _read_any,
}


def shapes(value: Any, path: checks.Path) -> dict[str, Shape]:
    """The fields of `{name: type}` or `{name: {type, …}}`. Raises `OptionsError`."""
    if not isinstance(value, Mapping) or not value:
        raise OptionsError("expected fields with their types", path, "such as `{question: text, score: int}`")
    return {
        checks.field_name(name, (*path, str(name))): _shape(rules, (*path, str(name))) for name, rules in value.items()
    }


def _shape(value: Any, path: checks.Path) -> Shape:
    rules = value if isinstance(value, Mapping) else {"type": value}
    unknown = next((key for key in rules if key not in _RULES), None)
    if unknown is not None:
        told = f"unknown rule `{unknown}`"
        raise OptionsError(told, (*path, str(unknown)), f"there are {', '.join(_RULES)}", is_key=True)
    kind = rules.get("type", "list" if "items" in rules else "record" if "fields" in rules else "text")
    if kind not in _KINDS:
        raise OptionsError(f"unknown type `{kind}`", path, f"there are {', '.join(_KINDS)}")
    _check_rules_fit(rules, kind, path)
    low, high = checks.bounds(rules, path)
    return Shape(
        kind,
        checks.flag(rules, "optional", path),
        _choices(rules.get("choices"), path),
        low,
        high,
        _shape(rules["items"], (*path, "items")) if "items" in rules else None,
        shapes(rules["fields"], (*path, "fields")) if "fields" in rules else {},
    )


def _check_rules_fit(rules: Mapping[str, Any], kind: str, path: checks.Path) -> None:
    fitting = {"choices": ("text",), "min": ("int", "float", "list"), "items": ("list",), "fields": ("record",)}
    fitting["max"] = fitting["min"]
    for rule, kinds in fitting.items():
        if rule in rules and kind not in kinds:
            raise OptionsError(f"`{rule}` does not go with `{kind}`", (*path, rule), f"it goes with {quoted(kinds)}")


def _choices(value: Any, path: checks.Path) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise OptionsError("`choices` must be a list of words", (*path, "choices"))
    if not all(isinstance(choice, str) and choice.strip() for choice in value):
        raise OptionsError("`choices` must be words", (*path, "choices"), "put each in quotes")
    return tuple(value)
