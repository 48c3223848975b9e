"""Filters on text. Those that Jinja has give what Jinja gives."""

from __future__ import annotations

import json
from collections.abc import Callable

from atk_interp.expressions.bounds import check_size, depth, size
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions.model import Example, Function, Limit, Parameter
from atk_interp.expressions.kinds import ALL_KINDS, SCALAR, Kind
from atk_interp.expressions.types import INT, TEXT, TextType, Type
from atk_interp.patterns import pattern

__all__ = ["TEXT_FILTERS"]

_TEXT = frozenset([Kind.TEXT])
_INT = frozenset([Kind.INT])
_BOOL = frozenset([Kind.BOOL])
_NONE = frozenset([Kind.NULL])

_WORD = pattern(r"\w+")
_BEFORE_WORD = pattern(r"([-\s({\[<]+)")
_WIDEST = 1000
"""Columns to which text is padded or indented at most."""


def _title(text: str) -> str:
    return "".join(part[0].upper() + part[1:].lower() for part in _BEFORE_WORD.split(text) if part)


def _replace(text: str, old: object, new: object, count: int | None) -> str:
    before, after = str(old), str(new)
    times = text.count(before) if count is None or count < 0 else min(count, text.count(before))
    check_size(len(text) + times * len(after))
    return text.replace(before, after, -1 if count is None else count)


def _truncate(text: str, length: int, killwords: object, end: str, leeway: int | None) -> str:
    return _truncator(length, killwords, end, leeway)(text)


def _truncator(length: int, killwords: object, end: str, leeway: int | None) -> Callable[[str], str]:
    if length < len(end):
        raise OperandError(f"the length must be at least that of the end, {len(end)}")
    longest = length + (5 if leeway is None else leeway)

    def truncate(text: str) -> str:
        if len(text) <= longest:
            return text
        cut = text[: length - len(end)]
        return (cut if killwords else cut.rsplit(" ", 1)[0]) + end

    return truncate


_WIDTH = Limit(lambda width: isinstance(width, str) or width <= _WIDEST, f"the width must be at most {_WIDEST}")
_LEEWAY = Limit(lambda leeway: leeway >= 0, "the leeway must not be below 0")


def _indent(text: str, width: int | str, first: object, blank: object) -> str:
    indention = width if isinstance(width, str) else " " * width
    # Jinja's way to keep an empty last line, which `splitlines` would drop.
    lines = (text + "\n").splitlines()
    check_size(len(text) + len(lines) * len(indention))
    rest = [indention + line if line or blank else line for line in lines[1:]]
    return (indention if first else "") + "\n".join([lines[0], *rest])


_ENCODER = json.JSONEncoder(sort_keys=True)
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}


def _tojson(value: object, indent: int | None) -> str:
    check_size(size(value) * (2 + depth(value) * max(indent or 0, 0)))
    text = _ENCODER.encode(value) if indent is None else json.dumps(value, sort_keys=True, indent=indent)
    for character, escape in _HTML.items():
        text = text.replace(character, escape)
    return text


def _each_choice(change: Callable[[str], str]) -> Callable[[Type, tuple[Type, ...]], Type]:
    """The type of a changed text: where it is one of known words, it is one of those changed."""

    def result(value: Type, _: tuple[Type, ...]) -> Type:
        choices = value.choices if isinstance(value, TextType) else None
        return TEXT if choices is None else TextType(tuple(dict.fromkeys(map(change, choices))))

    return result


TEXT_FILTERS = (
    Function(
        "capitalize",
        _TEXT,
        _each_choice(str.capitalize),
        str.capitalize,
        "The first letter in upper case, the others in lower case.",
        Example('"hELLO world" | capitalize', "Hello world"),
    ),
    Function(
        "lower",
        _TEXT,
        _each_choice(str.lower),
        str.lower,
        "All letters in lower case.",
        Example('"ABC" | lower', "abc"),
    ),
    Function(
        "upper",
        _TEXT,
        _each_choice(str.upper),
        str.upper,
        "All letters in upper case.",
        Example('"abc" | upper', "ABC"),
    ),
    Function(
        "title",
        _TEXT,
        TEXT,
        _title,
        "Each word with its first letter in upper case, the others in lower case.",
        Example('"the old-new way" | title', "The Old-New Way"),
    ),
    Function(
        "trim",
        _TEXT,
        TEXT,
        str.strip,
        "Without spaces (or without any of `chars`) at both ends.",
        Example('"  word " | trim', "word"),
        (Parameter("chars", _TEXT | _NONE, None),),
    ),
    Function(
        "replace",
        _TEXT,
        TEXT,
        _replace,
        "Each `old` replaced by `new`; only the first `count`, if given.",
        Example('"a-b-c" | replace("-", "+", 1)', "a+b-c"),
        (Parameter("old", SCALAR), Parameter("new", SCALAR), Parameter("count", _INT | _NONE, None)),
    ),
    Function(
        "truncate",
        _TEXT,
        TEXT,
        _truncate,
        "Cut to `length` characters, `end` included, at a space unless `killwords`; up to `leeway` more are let pass.",
        Example('"a sentence with many words" | truncate(12)', "a..."),
        (
            Parameter("length", _INT, 255),
            Parameter("killwords", ALL_KINDS, False),
            Parameter("end", _TEXT, "..."),
            Parameter("leeway", _INT | _NONE, None, limit=_LEEWAY),
        ),
        prepare=_truncator,
    ),
    Function(
        "center",
        _TEXT,
        TEXT,
        str.center,
        "In the middle of `width` columns.",
        Example('"a" | center(3)', " a "),
        (Parameter("width", _INT, 80, limit=_WIDTH),),
    ),
    Function(
        "indent",
        _TEXT,
        TEXT,
        _indent,
        "Each line but the first moved right by `width` spaces, or by a text.",
        Example('"a\\nb" | indent(2)', "a\n  b"),
        (
            Parameter("width", _INT | _TEXT, 4, limit=_WIDTH),
            Parameter("first", ALL_KINDS, False),
            Parameter("blank", ALL_KINDS, False),
        ),
    ),
    Function(
        "wordcount",
        _TEXT,
        INT,
        lambda text: len(_WORD.findall(text)),
        "How many words the text has.",
        Example('"one, two and three" | wordcount', 4),
    ),
    Function(
        "string",
        SCALAR,
        TEXT,
        str,
        "The value as text; true and false become `True` and `False`, as in Jinja.",
        Example("1.50 | string", "1.5"),
    ),
    Function(
        "tojson",
        ALL_KINDS,
        TEXT,
        _tojson,
        "The value as JSON text with sorted keys, `< > & '` and other scripts escaped.",
        Example('{"b": [1, true], "a": none} | tojson', '{"a": null, "b": [1, true]}'),
        (Parameter("indent", _INT | _NONE, None),),
    ),
)
