"""Filters on the quality of a text, and on what it has in common with another one."""

from __future__ import annotations

from atk_interp.expressions import words
from atk_interp.expressions.functions.model import Example, Function, Limit, Parameter
from atk_interp.expressions.kinds import Kind
from atk_interp.expressions.languages import LANGUAGES, language
from atk_interp.expressions.types import FLOAT, INT, TEXT, TextType

__all__ = ["QUALITY_FILTERS"]

_TEXT = frozenset([Kind.TEXT])
_LIST = frozenset([Kind.LIST])
_INT = frozenset([Kind.INT])
_LONGEST_RUN = 20
_RUN = Parameter("n", _INT, 5, limit=Limit(lambda n: 1 <= n <= _LONGEST_RUN, f"a run has 1 to {_LONGEST_RUN} words"))


def _copied(text: str, other: str, n: int) -> float:
    from atk_interp.expressions.quality import copied  # imported late, as all of it: most specs have none

    return copied(text, other, n)


def _longest_copy(text: str, other: str) -> int:
    from atk_interp.expressions.quality import longest_copy

    return longest_copy(text, other)


def _special_characters(text: str) -> float:
    from atk_interp.expressions.quality import special_characters

    return special_characters(text)


def _readability(text: str) -> float:
    from atk_interp.expressions.quality import readability

    return readability(text)


def _redacted(text: str, only: list[object] | None) -> str:
    from atk_interp.expressions.redaction import redacted  # imported late: most specs have none of it

    return redacted(text, only)


def _are_data(only: list[object]) -> bool:
    return all(sort in _DATA for sort in only)


_DATA = ("key", "email", "iban", "ip", "card", "phone")
_ONLY = Limit(_are_data, f"`only` is a list of some of {', '.join(_DATA)}")

QUALITY_FILTERS = (
    Function(
        "repetition",
        _TEXT,
        FLOAT,
        words.repetition,
        "The share of the text, from 0 to 1, that repeats an earlier run of `n` words.",
        Example('"Well said. Well said." | repetition(2)', 0.5),
        (_RUN,),
        is_share=True,
        in_jinja=False,
    ),
    Function(
        "special_characters",
        _TEXT,
        FLOAT,
        _special_characters,
        "The share of characters, from 0 to 1, that are neither letters nor digits; white space does not count.",
        Example('"a, b; <c>" | special_characters', 0.5714285714285714),
        is_share=True,
        in_jinja=False,
    ),
    Function(
        "readability",
        _TEXT,
        FLOAT,
        _readability,
        "How hard the text is to read (LIX): 25 easy, 45 a newspaper, above 60 very hard; for scripts with spaces.",
        Example('"The cat sat. The old philosopher contemplated." | readability', 32.07142857142857),
        in_jinja=False,
    ),
    Function(
        "copied",
        _TEXT,
        FLOAT,
        _copied,
        "The share of the words, from 0 to 1, that stand in runs of `n` words copied from `other`.",
        Example('"He saw the old stone mill" | copied("By the old stone mill.", 3)', 0.6666666666666666),
        (Parameter("other", _TEXT), _RUN),
        is_share=True,
        in_jinja=False,
    ),
    Function(
        "longest_copy",
        _TEXT,
        INT,
        _longest_copy,
        "How many words the longest run has that is in `other`, too.",
        Example('"He saw the old stone mill" | longest_copy("By the old stone mill.")', 4),
        (Parameter("other", _TEXT),),
        in_jinja=False,
    ),
    Function(
        "language",
        _TEXT,
        TextType(LANGUAGES),
        language,
        "The language of the text by its code in ISO 639 (`en`, `de`, `zh`); `und` when it has no letters.",
        Example('"Der Fluss entspringt in den Bergen." | language', "de"),
        in_jinja=False,
    ),
    Function(
        "redacted",
        _TEXT,
        TEXT,
        _redacted,
        f"Personal data replaced by labels (`[EMAIL]`): {', '.join(f'`{sort}`' for sort in _DATA)}, or `only` some.",
        Example('"Write to jo@example.org." | redacted', "Write to [EMAIL]."),
        (Parameter("only", _LIST | {Kind.NULL}, None, limit=_ONLY),),
        in_jinja=False,
    ),
    Function(
        "similarity",
        _TEXT,
        FLOAT,
        words.similarity,
        "How many of the words of both texts are in both, from 0 to 1 (Jaccard index of the sets of words).",
        Example('"the red cat" | similarity("The cat sat")', 0.5),
        (Parameter("other", _TEXT),),
        is_share=True,
        in_jinja=False,
    ),
    Function(
        "coverage",
        _TEXT,
        FLOAT,
        words.coverage,
        "The share of the content words of the text that occur in `other`, whatever their endings; 0 if it has none.",
        Example('"Who painted the chapel?" | coverage("A chapel that Giotto paints.")', 1.0),
        (Parameter("other", _TEXT),),
        is_share=True,
        in_jinja=False,
    ),
)
