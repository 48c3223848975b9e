"""Filters that take a text apart, which Jinja does not have: into a list, as JSON, by a regular expression."""

from __future__ import annotations

import json
from collections.abc import Callable

from atk_interp.expressions.bounds import depth, is_number_in_range
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions.model import Example, Function, Limit, Parameter, Role
from atk_interp.expressions.kinds import Kind
from atk_interp.expressions.regex import RegexError, compile_regex
from atk_interp.expressions.types import ANY, TEXT, ListType, RecordType
from atk_interp.patterns import pattern
from atk_interp.values import Value, decode

__all__ = ["APART_FILTERS"]

_TEXT = frozenset([Kind.TEXT])
_DEEPEST = 100
"""As records that are read: what is written again has more around it, and no encoder takes any depth."""
_MANY_DIGITS = pattern(r"\d{19}")


def _split(text: str, separator: str | None) -> list[str]:
    return text.split(separator)


def _sentences(text: str) -> list[str]:
    from atk_interp.sentences import whole_sentences  # imported late: most specs have none of it

    return [*whole_sentences(text)]


def _askable(text: str) -> list[dict[str, str]]:
    from atk_interp.expressions.askable import askable

    return askable(text)


def _fromjson(text: str) -> Value:
    try:
        value = decode(text)
    except ValueError as error:
        raise OperandError(f"the text is not JSON: {error}") from None
    if depth(value) > _DEEPEST:
        raise OperandError(f"the JSON is nested more than {_DEEPEST} deep")
    if _MANY_DIGITS.search(text) is not None:
        json.loads(text, parse_int=_checked)
    return value


def _checked(digits: str) -> int:
    """A whole number that keeps its digits: larger ones would become decimal, and lose some."""
    if not is_number_in_range(int(digits)):
        raise OperandError(f"a whole number in the JSON has more than 64 bits: {digits[:40]}")
    return 0


def _replaced(text: str, regex: str, replacement: str) -> str:
    return _replacer(regex, replacement)(text)


def _replacer(regex: str, replacement: str) -> Callable[[str], str]:
    try:
        compiled = compile_regex(regex)
    except RegexError as error:
        raise OperandError(f"`{regex}` is not a regular expression: {error.message}") from None
    try:
        return compiled.replacer(replacement)
    except RegexError as error:
        raise OperandError(error.message) from None


APART_FILTERS = (
    Function(
        "split",
        _TEXT,
        ListType(TEXT),
        _split,
        "The parts between the separators, not trimmed; without a separator, what stands between white space.",
        Example('"red, green" | split(", ")', ["red", "green"]),
        (Parameter("separator", _TEXT | {Kind.NULL}, None, limit=Limit(bool, "the separator must not be empty")),),
        in_jinja=False,
    ),
    Function(
        "sentences",
        _TEXT,
        ListType(TEXT),
        _sentences,
        "The whole sentences, each once and on one line; no headings, no items of lists, nothing that is cut at either "
        "end.",
        Example('"on its way. Ice floats. Iron sinks" | sentences', ["Ice floats."]),
        in_jinja=False,
    ),
    Function(
        "askable",
        _TEXT,
        ListType(RecordType({"sentence": TEXT, "opening": TEXT})),
        _askable,
        "The sentences of an English text that can be asked about without the others, each with how a question about "
        "it begins; by forms, which few sentences have. For the smallest models.",
        Example(
            '"It is old. The mill was built in 1776." | askable',
            [{"sentence": "The mill was built in 1776.", "opening": "When was the mill built"}],
        ),
        in_jinja=False,
    ),
    Function(
        "fromjson",
        _TEXT,
        ANY,
        _fromjson,
        "The value of a JSON text; what is no JSON rejects the row.",
        Example('"[1, true]" | fromjson', [1, True]),
        in_jinja=False,
    ),
    Function(
        "replaced",
        _TEXT,
        TEXT,
        _replaced,
        "Each match of a regular expression (RE2, linear time) replaced by `with`, in which `\\\\1` or "
        "`\\\\g<name>` is what a group of it matched.",
        Example('"p. 12, p. 7" | replaced("p\\\\. ([0-9]+)", "page \\\\1")', "page 12, page 7"),
        (Parameter("regex", _TEXT, role=Role.REGEX), Parameter("with", _TEXT)),
        in_jinja=False,
        prepare=_replacer,
    ),
)
