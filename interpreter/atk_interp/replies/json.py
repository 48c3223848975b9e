"""`json`: an object with known fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import Type
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.base import (
    NO_RULES,
    Cue,
    CueForm,
    Fields,
    Reader,
    ReplyExample,
    ReplyKind,
    ReplyUnreadable,
    Rules,
)
from atk_interp.replies.cleaning import excerpt
from atk_interp.replies.damaged_json import FoundJson, find_json
from atk_interp.replies.grammar import MOST_IN_LIST, GrammarWriter, bounded, literal, repeated
from atk_interp.replies.shapes import Shape, read_record, record_schema, shapes, unwrapped
from atk_interp.values import Value

__all__ = ["JSON"]

_WRAPPER = "items"
_DEFAULT_MAX_ITEMS = 3
_MOST_TRIED = 16
_NOT_IN_STRINGS = '"\\'


@dataclass(frozen=True)
class _JsonReader(Reader):
    members: Mapping[str, Shape]
    max_items: int
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {name: shape.type for name, shape in self.members.items()}

    @property
    def constrainable(self) -> tuple[str, ...]:
        """Texts and lists of texts; what is deeper in the JSON has the default length."""
        return tuple(name for name, shape in self.members.items() if _is_plain_text(shape.items or shape))

    @property
    def cues(self) -> tuple[Cue, ...]:
        return tuple(Cue(name, name, CueForm.KEY, shape.optional) for name, shape in self.members.items())

    def _read(self, text: str) -> list[Fields]:
        found = find_json(text)
        if self.many:
            return self._each(found, text)
        inner = (unwrapped(self.members, value) for value in found.values)
        objects = [value for value in inner if isinstance(value, dict)]
        if not objects:
            raise _no_json("a JSON object", found, text)
        return [self._last_that_fits(objects)]

    def _last_that_fits(self, objects: list[dict[str, Value]]) -> Fields:
        for candidate in objects[: -_MOST_TRIED - 1 : -1]:
            try:
                return read_record(self.members, candidate)
            except ReplyUnreadable:
                continue
        return read_record(self.members, objects[-1])

    def _each(self, found: FoundJson, text: str) -> list[Fields]:
        if found.broken_at is not None or not found.values:
            raise _no_json("a JSON array of objects", found, text)
        arrays = [array for value in found.values if (array := self._array(value))]
        objects = arrays[-1] if arrays else [value for value in found.values if isinstance(value, dict)]
        if not objects:
            raise _no_json("a JSON array of objects", found, text)
        return [read_record(self.members, value, f"[{index}]") for index, value in enumerate(objects)]

    def _array(self, value: Value) -> list[Value]:
        """A list of objects, or the only member of an object that is one; otherwise empty."""
        if isinstance(value, dict) and len(value) == 1:
            value = next(iter(value.values()))
        return value if isinstance(value, list) and all(isinstance(item, dict) for item in value) else []

    def response_format(self) -> Mapping[str, Value]:
        schema = record_schema(self.members)
        if self.many:
            schema = {
                "type": "object",
                "properties": {_WRAPPER: {"type": "array", "items": schema}},
                "required": [_WRAPPER],
                "additionalProperties": False,
            }
        strict = all(shape.is_closed for shape in self.members.values())
        return {"type": "json_schema", "json_schema": {"name": "reply", "strict": strict, "schema": schema}}

    def grammar(self, rules: Rules = NO_RULES) -> str | None:
        if not all(shape.is_closed for shape in self.members.values()):
            return None
        writer = GrammarWriter(rules)
        pieces = [literal("{")]
        for index, (name, shape) in enumerate(self.members.items()):
            pieces += [literal(f'{", " if index else ""}"{name}": '), _value_grammar(writer, name, shape)]
        body = " ".join([*pieces, literal("}")])
        if not self.many:
            return writer.text(body)
        objects = repeated(writer.rule("object", body), ", ", 1, self.max_items)
        return writer.text(f"{literal('[')} {objects} {literal(']')}")


def _is_plain_text(shape: Shape | None) -> bool:
    return shape is not None and shape.kind == "text" and shape.choices is None


def _value_grammar(writer: GrammarWriter, name: str, shape: Shape) -> str:
    if _is_plain_text(shape):
        value = _text_grammar(writer, name)
    elif shape.kind == "list" and _is_plain_text(shape.items):
        least = max(1, int(shape.low or 0))
        most = int(shape.high or max(least, MOST_IN_LIST))
        value = (
            f'"[" {repeated(writer.rule(f"item_{name.lower()}", _text_grammar(writer, name)), ", ", least, most)} "]"'
        )
    else:
        return writer.value(bounded(shape.schema()))
    return f'({value} | "null")' if shape.optional else value


def _text_grammar(writer: GrammarWriter, name: str) -> str:
    return f'"\\"" {writer.hole(name, excluded=_NOT_IN_STRINGS)} "\\""'


def _no_json(wanted: str, found: FoundJson, text: str) -> ReplyUnreadable:
    if found.broken_at is not None:
        damaged = text[max(0, found.broken_at - 20) : found.broken_at + 20]
        return ReplyUnreadable(f"expected {wanted}, found JSON that breaks off near {excerpt(damaged)}")
    return ReplyUnreadable(f"expected {wanted}, found {excerpt(text)}")


class _JsonKind(ReplyKind):
    """A JSON object with these fields.

    ```yaml
    parse:
      json:
        question: text
        difficulty: {type: text, choices: [easy, hard]}
        score: {type: int, min: 1, max: 10}
        facts: {items: text, min: 1}
        source: {type: record, fields: {title: text, year: {type: int, optional: true}}}
    ```

    Types: text, int, float, bool, list, record, any. `min` and `max` bound numbers, and the length of a list. A field
    that is optional may be missing, null or an empty text, and is then null; an empty list is a list. Fields that are
    not listed are passed over; upper and lower case of names, and space for `_`, do not matter; of a field that is
    given twice the last counts; `7.0` is a whole number; nothing else is converted.

    The last complete object that fits counts, wherever it stands in the reply, fenced or bare, also as the only item
    of an array or the only member of an object. Small damage is
    repaired: a comma before a closing bracket, brackets missing at the end, line breaks in strings, typographic or
    single quotation marks, a lone backslash, `True`, `False`, `None`. With `many: true` an array of objects (also as
    the only member of an object), or several objects, are one reading each, and damage beyond repair anywhere makes
    the reply unreadable.

    Endpoints that can are sent the schema as `response_format` (with `many` an object with the array in `items`). A
    constrained decoder writes one object, or an array of one to `max_items` (3).
    """

    name = "json"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "dict", "minlength": 1}
    schema: ClassVar[Mapping[str, Any]] = {"max_items": {"type": "integer", "min": 1}}
    takes_many = True
    examples = (
        ReplyExample(
            {"json": {"question": "text", "score": "int"}},
            'Sure!\n```json\n{"question": "Who?", "score": 7,}\n```',
            [{"question": "Who?", "score": 7}],
        ),
        ReplyExample(
            {"json": {"fact": "text"}, "many": True},
            '[{"fact": "A"}, {"fact": "B"}]',
            [{"fact": "A"}, {"fact": "B"}],
        ),
        ReplyExample({"json": {"question": "text"}}, '{"result": {"question": "Who?"}}', [{"question": "Who?"}]),
        ReplyExample({"json": {"question": "text"}}, '{"answer": "Ann"}', None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        members = shapes(value, (self.name,))
        return _JsonReader(members, checks.count(options, "max_items", _DEFAULT_MAX_ITEMS), bool(options.get("many")))


JSON = _JsonKind()
