"""Tests, as they follow `is`. All but `matching` are Jinja's and say what Jinja says, or refuse."""

from __future__ import annotations

import operator
from collections.abc import Callable

from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions.model import Example, Form, Function, Limit, Parameter, Role
from atk_interp.expressions.functions.paths import MISSING
from atk_interp.expressions.kinds import ALL_KINDS, NUMBER, Kind
from atk_interp.expressions.operators import against, contains, ordered
from atk_interp.expressions.regex import RegexError, compile_regex
from atk_interp.expressions.types import BOOL

__all__ = ["TESTS_LISTED"]

_TEXT = frozenset([Kind.TEXT])
_INT = frozenset([Kind.INT])
_HOLDERS = frozenset([Kind.TEXT, Kind.LIST, Kind.RECORD])
_ORDERED = NUMBER | {Kind.TEXT, Kind.LIST}


def _type_test(name: str, types: type | tuple[type, ...], doc: str, example: Example) -> Function:
    exact = types if isinstance(types, tuple) else (types,)
    return Function(name, ALL_KINDS, BOOL, lambda value: type(value) in exact, doc, example)


def _constant(name: str, constant: object, doc: str, example: Example) -> Function:
    return Function(name, ALL_KINDS, BOOL, lambda value: value is constant, doc, example)


def _comparison(
    name: str, aliases: tuple[str, ...], sign: str, compare: Callable[[object, object], object], example: Example
) -> Function:
    kinds = ALL_KINDS if sign in ("==", "!=") else _ORDERED
    return Function(
        name,
        kinds,
        BOOL,
        compare,
        f"`x {sign} other`, for `select` and its kin.",
        example,
        (Parameter("other", kinds),),
        aliases=aliases,
        prepare=lambda other: against(sign, other),
    )


def _matching(text: str, pattern: str) -> bool:
    return _matcher(pattern)(text)


def _matcher(pattern: str) -> Callable[[str], bool]:
    try:
        return compile_regex(pattern).matches
    except RegexError as error:
        raise OperandError(f"`{pattern}` is not a regular expression: {error.message}") from None


TESTS_LISTED = (
    Function(
        "defined",
        ALL_KINDS,
        BOOL,
        lambda value: value is not MISSING,
        "Whether the field is there, be it none.",
        Example('{"a": none}.a is defined', True),
        form=Form.LENIENT,
    ),
    Function(
        "undefined",
        ALL_KINDS,
        BOOL,
        lambda value: value is MISSING,
        "Whether the field is not there at all.",
        Example('{"a": none}.b is undefined', True),
        form=Form.LENIENT,
    ),
    _constant("none", None, "Whether there is no value.", Example("none is none", True)),
    _constant("true", True, "Whether it is true itself, not only something like 1.", Example("1 is true", False)),
    _constant("false", False, "Whether it is false itself, not only something like 0.", Example("0 is false", False)),
    _type_test("boolean", bool, "Whether it is true or false.", Example("0 is boolean", False)),
    _type_test("string", str, "Whether it is text.", Example('"a" is string', True)),
    _type_test("integer", int, "Whether it is a whole number (1.0 is none).", Example("1.0 is integer", False)),
    _type_test("float", float, "Whether it is a number with a fraction.", Example("1.0 is float", True)),
    _type_test(
        "number",
        (int, float, bool),
        "Whether it is a number; true and false are, as in Jinja.",
        Example("1.5 is number", True),
    ),
    _type_test("mapping", dict, "Whether it is a record.", Example('{"a": 1} is mapping', True)),
    _type_test(
        "sequence", (str, list, dict), "Whether it is a list, a text or a record.", Example("[1] is sequence", True)
    ),
    _type_test("iterable", (str, list, dict), "The same as `sequence`.", Example("1 is iterable", False)),
    Function("odd", _INT, BOOL, lambda value: value % 2 == 1, "Whether the number is odd.", Example("3 is odd", True)),
    Function(
        "even", _INT, BOOL, lambda value: value % 2 == 0, "Whether the number is even.", Example("3 is even", False)
    ),
    Function(
        "divisibleby",
        _INT,
        BOOL,
        lambda value, num: value % num == 0,
        "Whether nothing is left over when divided by `num`.",
        Example("9 is divisibleby(3)", True),
        (Parameter("num", _INT, limit=Limit(bool, "nothing is divisible by 0")),),
    ),
    Function(
        "lower",
        _TEXT,
        BOOL,
        str.islower,
        "Whether all letters are in lower case, and there are some.",
        Example('"abc" is lower', True),
    ),
    Function(
        "upper",
        _TEXT,
        BOOL,
        str.isupper,
        "Whether all letters are in upper case, and there are some.",
        Example('"Abc" is upper', False),
    ),
    Function(
        "in",
        ALL_KINDS,
        BOOL,
        contains,
        "`x in seq`, for `select` and its kin.",
        Example("2 is in([1, 2])", True),
        (Parameter("seq", _HOLDERS),),
    ),
    _comparison("eq", ("equalto", "=="), "==", operator.eq, Example("1 is eq(1)", True)),
    _comparison("ne", ("!=",), "!=", operator.ne, Example("1 is ne(1)", False)),
    _comparison("lt", ("lessthan", "<"), "<", ordered("<"), Example("1 is lt(2)", True)),
    _comparison("le", ("<=",), "<=", ordered("<="), Example("2 is le(2)", True)),
    _comparison("gt", ("greaterthan", ">"), ">", ordered(">"), Example("1 is gt(2)", False)),
    _comparison("ge", (">=",), ">=", ordered(">="), Example("2 is ge(2)", True)),
    Function(
        "matching",
        _TEXT,
        BOOL,
        _matching,
        "Whether the regular expression (RE2, linear time) matches anywhere in the text.",
        Example('"The text says" is matching("(?i)the (text|passage)")', True),
        (Parameter("pattern", _TEXT, role=Role.REGEX),),
        in_jinja=False,
        prepare=_matcher,
    ),
)
