"""What holds for every parser: its examples, its schema, its manual, and what is said of a wrong `parse:`."""

from __future__ import annotations

from typing import Any

import pytest
from cerberus import Validator
from reply_options import EVERY_KIND

from atk_interp.expressions.types import (
    AnyType,
    BoolType,
    FloatType,
    IntType,
    ListType,
    MaybeType,
    NullType,
    RecordType,
    TextType,
    Type,
)
from atk_interp.replies import REPLY_KINDS, OptionsError, ReplyExample, ReplyKind, ReplyUnreadable, build_reader

EXAMPLES = [
    pytest.param(kind, example, id=f"{kind.name} {number}")
    for kind in REPLY_KINDS.values()
    for number, example in enumerate(kind.examples, 1)
]


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_an_example_does_what_it_says(kind: ReplyKind, example: ReplyExample) -> None:
    reader = build_reader(example.options)
    if example.expect is None:
        with pytest.raises(ReplyUnreadable):
            reader.read(example.reply)
    else:
        assert reader.read(example.reply) == example.expect


@pytest.mark.parametrize("kind", REPLY_KINDS.values(), ids=REPLY_KINDS)
def test_a_kind_has_a_manual_and_an_example_of_each_outcome(kind: ReplyKind) -> None:
    assert len(type(kind).__doc__ or "") > 100
    if kind.name != "python":  # what that reads is in files of users
        assert {example.expect is None for example in kind.examples} == {True, False}


@pytest.mark.parametrize("options", EVERY_KIND.values(), ids=EVERY_KIND)
def test_what_can_be_built_fits_the_schema(options: dict[str, Any]) -> None:
    kind = next(kind for name, kind in REPLY_KINDS.items() if name in options)
    schema = {kind.name: {**kind.value_schema, "required": True}, **kind.schema}
    if kind.takes_many:
        schema["many"] = {"type": "boolean"}
    validator = Validator(schema)
    assert validator.validate(options), validator.errors


@pytest.mark.parametrize("options", EVERY_KIND.values(), ids=EVERY_KIND)
def test_only_free_text_can_be_constrained(options: dict[str, Any]) -> None:
    reader = build_reader(options)
    assert set(reader.constrainable) <= set(reader.fields)
    for field, type_ in reader.fields.items():
        is_closed = isinstance(type_, IntType | FloatType | BoolType) or (isinstance(type_, TextType) and type_.choices)
        assert not (is_closed and field in reader.constrainable)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_a_reading_has_exactly_the_fields_and_types_that_were_announced(kind: ReplyKind, example: ReplyExample) -> None:
    reader = build_reader(example.options)
    for reading in example.expect or ():
        assert list(reading) == list(reader.fields)
        for field, value in reading.items():
            assert _fits(value, reader.fields[field]), (field, value)


def _fits(value: Any, type_: Type) -> bool:
    match type_:
        case MaybeType(inner):
            return value is None or _fits(value, inner)
        case TextType(choices):
            return isinstance(value, str) and (choices is None or value in choices)
        case ListType(item):
            return isinstance(value, list) and all(_fits(each, item) for each in value)
        case RecordType(fields):
            return isinstance(value, dict) and all(_fits(value[name], inner) for name, inner in fields.items())
        case IntType():
            return type(value) is int
        case FloatType():
            return type(value) in {int, float}
        case BoolType():
            return type(value) is bool
        case NullType():
            return value is None
    return isinstance(type_, AnyType)


WRONG: list[tuple[dict[str, Any], tuple[str | int, ...], str]] = [
    ({}, (), "`parse` does not say how the reply is read"),
    ({"tags": ["a"], "tag": "a"}, ("tags",), "a reply is read in one way, not by `tag`, `tags` at once"),
    ({"tag": "a", "intro": "b"}, ("intro",), "unknown key `intro` beside `tag`"),
    ({"number": "a", "many": True}, ("many",), "`number` reads one answer and has no `many`"),
    ({"tag": "a", "many": "yes"}, ("many",), "`many` must be true or false"),
    ({"text": True}, ("text",), "`text` does not say which field it fills"),
    ({"text": False}, ("text",), "`text` takes the name of a field"),
    ({"text": "a", "into": "b"}, ("into",), "the field is named twice"),
    ({"text": "my answer"}, ("text",), "`my answer` cannot name a field"),
    ({"tag": "<answer>"}, ("tag",), "`<answer>` cannot be a tag"),
    ({"tag": "final-answer"}, ("tag",), "`final-answer` cannot name a field"),
    ({"tag": "a", "max_items": 0}, ("max_items",), "`max_items` must be a whole number from 1"),
    ({"tags": "a"}, ("tags",), "expected a list of fields, or fields with their rules"),
    ({"tags": ["a", "A"]}, ("tags",), "two tags have the same name"),
    ({"tags": {"a": {"optional": True}}}, ("tags",), "one tag at least must not be optional"),
    ({"tags": {"a": {"optinal": True}}}, ("tags", "a", "optinal"), "unknown rule `optinal` of a tag"),
    ({"tags": {"a": True}}, ("tags", "a"), "the rules of `a` must be a mapping"),
    ({"tags": {"a": {"min": 1}}}, ("tags", "a"), "`min` and `max` need `number`"),
    ({"tags": {"a": {"number": "text"}}}, ("tags", "a", "number"), "`text` is no kind of number"),
    ({"tags": {"a": {"choice": ["x"]}}}, ("tags", "a", "choice"), "a choice needs two words at least"),
    ({"tags": {"a": {"choice": ["x", "y"], "number": True}}}, ("tags", "a"), "`a` cannot be a choice and a number"),
    ({"pattern": 3}, ("pattern",), "`pattern` must be text with holes such as `{answer}`"),
    ({"pattern": "QUESTION:"}, ("pattern",), "the pattern has no hole such as `{answer}`"),
    ({"pattern": "Q: {a} {b}"}, ("pattern",), "no words between `{a}` and `{b}`"),
    ({"pattern": "Q: {a}\n**{b}**"}, ("pattern",), "no words between `{a}` and `{b}`"),
    ({"pattern": "Q: {a} A: {a}"}, ("pattern",), "`{a}` comes twice"),
    ({"pattern": "Q: {a b}"}, ("pattern",), "`a b` cannot name a field"),
    ({"pattern": "Q: {a} }"}, ("pattern",), "a lone `}` in the pattern"),
    ({"pattern": "Q: {a}\nQ: {b}"}, ("pattern",), "`Q:` comes twice, so that no one sees where a block begins"),
    ({"pattern": "{a}\nA: {b}", "many": True}, ("pattern",), "with `many`, words must come before the first hole"),
    ({"pattern": "**{a}**"}, ("pattern",), "`**` holds no words to look for"),
    ({"choice": ["a", "b"]}, ("choice",), "`choice` does not say which field it fills"),
    ({"choice": "a", "into": "v"}, ("choice",), "expected a list of words, or words with their values"),
    ({"choice": ["a", "A"], "into": "v"}, ("choice",), "`a` and `A` cannot be told apart in a reply"),
    ({"choice": ["a", "**"], "into": "v"}, ("choice",), "`**` holds no word to look for"),
    ({"choice": [True, False], "into": "v"}, ("choice",), "`True` is not text here"),
    ({"choice": {"a": [1], "b": 2}, "into": "v"}, ("choice", "a"), "`a` must stand for one value, not for several"),
    ({"choice": ["a", "b"], "into": "v", "after": "**"}, ("after",), "`after` holds no words to look for"),
    ({"number": "a", "type": "text"}, ("type",), "`text` is no kind of number"),
    ({"number": "a", "min": "1"}, ("min",), "`min` must be a number"),
    ({"number": "a", "min": 3, "max": 1}, ("min",), "no number is at least 3 and at most 1"),
    ({"list": "a", "min_items": 3, "max_items": 2}, ("max_items",), "`max_items` is less than `min_items`"),
    ({"json": {}}, ("json",), "expected fields with their types"),
    ({"json": {"a": "string"}}, ("json", "a"), "unknown type `string`"),
    ({"json": {"a": {"typ": "text"}}}, ("json", "a", "typ"), "unknown rule `typ`"),
    ({"json": {"a": {"type": "int", "choices": ["x"]}}}, ("json", "a", "choices"), "`choices` does not go with `int`"),
    ({"json": {"a": {"choices": "x"}}}, ("json", "a", "choices"), "`choices` must be a list of words"),
    ({"json": {"a": {"choices": [1]}}}, ("json", "a", "choices"), "`choices` must be words"),
    ({"json": {"a": {"fields": {"b": "set"}}}}, ("json", "a", "fields", "b"), "unknown type `set`"),
    ({"regex": 1}, ("regex",), "`regex` must be text"),
    ({"regex": "(?P<a>"}, ("regex",), "the regular expression cannot be read: missing )"),
    ({"regex": "(a)"}, ("regex",), "the regular expression has no named group"),
    ({"regex": "(?P<a>x)", "optional": "a"}, ("optional",), "`optional` must be a list of groups"),
    ({"regex": "(?P<a>x)", "optional": ["b"]}, ("optional", 0), "the regular expression has no group `b`"),
    ({"dialogue": {"user": "U"}, "into": "t"}, ("dialogue",), "a dialogue needs two roles at least"),
    ({"dialogue": {"a": "U", "b": "u"}, "into": "t"}, ("dialogue",), "two speakers have the same name"),
    ({"dialogue": {"a": "U", "b": 1}, "into": "t"}, ("dialogue", "b"), "`1` cannot be a speaker's name"),
    ({"dialogue": {"a": "U", "b": []}, "into": "t"}, ("dialogue", "b"), "a speaker needs a name"),
    (
        {"dialogue": {"a": "U", "b": "V"}, "into": "t", "min_turns": 4, "max_turns": 3},
        ("max_turns",),
        "`max_turns` is less than `min_turns`",
    ),
]


@pytest.mark.parametrize(("options", "path", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_options_without_sense_are_told_with_their_place(
    options: dict[str, Any], path: tuple[str | int, ...], message: str
) -> None:
    with pytest.raises(OptionsError) as wrong:
        build_reader(options)
    assert (str(wrong.value), wrong.value.path) == (message, path)
