"""Syntax errors in the words of the person who made them.

A table of typical slips is looked up in the text first; only when none of them is there does the message
speak of the token that cannot follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from atk_interp.diagnostics import Code
from atk_interp.expressions.codes import EXPRESSION_SYNTAX, FOREIGN_SPELLING, TEMPLATE_IN_EXPRESSION
from atk_interp.expressions.errors import Problem
from atk_interp.expressions.mends import mends_of_slip
from atk_interp.patterns import pattern as late

__all__ = ["SLIPS", "Slip", "Token", "explain"]


class Token(NamedTuple):
    """`text` is what stands at `start:end`; `kind` is a terminal of the grammar, UNKNOWN or $END."""

    kind: str
    start: int
    end: int
    text: str


class Slip(NamedTuple):
    """A pattern that only occurs in mistaken text (group `at`, or all of it, is underlined), and what to say."""

    pattern: re.Pattern[str]
    code: Code
    message: str
    help: str


def _slip(pattern: str, code: Code, message: str, help: str) -> Slip:
    return Slip(late(pattern), code, message, help)


_BRACES = "an expression is written without the braces of a template"

SLIPS = (
    _slip(r"\{\{", TEMPLATE_IN_EXPRESSION, _BRACES, "remove `{{` and `}}`"),
    _slip(r"\{%-?|-?%\}", TEMPLATE_IN_EXPRESSION, "statements belong to templates", "write `a if condition else b`"),
    _slip(r"\$\{?(?=\w)", FOREIGN_SPELLING, "names stand without a `$`", "write the name alone"),
    _slip(r"&&|(?<!&)&(?!&)", FOREIGN_SPELLING, "`and` is written as a word", "write `and`"),
    _slip(r"\|\|", FOREIGN_SPELLING, "`or` is written as a word", "write `or`"),
    _slip(r"!(?!=)", FOREIGN_SPELLING, "`not` is written as a word", "write `not`"),
    _slip(r"===", FOREIGN_SPELLING, "equality has two signs", "write `==`"),
    _slip(r"!==", FOREIGN_SPELLING, "inequality has two signs", "write `!=`"),
    _slip(r"<>", FOREIGN_SPELLING, "inequality is written otherwise", "write `!=`"),
    _slip(r"=<", FOREIGN_SPELLING, "the equals sign comes last", "write `<=`"),
    _slip(r"=>", FOREIGN_SPELLING, "the equals sign comes last", "write `>=`"),
    _slip(r"\?", FOREIGN_SPELLING, "a choice is written with words", "write `a if condition else b`"),
    _slip(r"\^", FOREIGN_SPELLING, "a power has two stars", "write `**`"),
    _slip(
        r"[\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a`\u00b4]",
        EXPRESSION_SYNTAX,
        "text stands in straight quotes",
        "write `\"` or `'`",
    ),
    _slip(r"\b[fF](?=·)", FOREIGN_SPELLING, "text is not filled in here", 'join the parts: `"question: " ~ question`'),
    _slip(r"\b[rR](?=·)", FOREIGN_SPELLING, "raw text does not exist here", "double the backslashes instead"),
    _slip(r"\b(?:AND|And)\b", FOREIGN_SPELLING, "`and` is written small", "write `and`"),
    _slip(r"\b(?:OR|Or)\b", FOREIGN_SPELLING, "`or` is written small", "write `or`"),
    _slip(r"\b(?:NOT|Not)\b", FOREIGN_SPELLING, "`not` is written small", "write `not`"),
    _slip(r"\b(?:elif|elsif|elseif)\b", FOREIGN_SPELLING, "there is no `elif`", "write `a if x else b if y else c`"),
    _slip(r"^\s*(?P<at>if)\b", FOREIGN_SPELLING, "the value comes before its `if`", "write `a if condition else b`"),
    _slip(r"\bif\b.*\b(?P<at>then)\b", FOREIGN_SPELLING, "there is no `then`", "write `a if condition else b`"),
    _slip(
        r"\b(?P<at>for)\s+\w+\s+in\b",
        FOREIGN_SPELLING,
        "there are no loops in an expression",
        "use `| map`, `| select` or `| selectattr`",
    ),
    _slip(r"\blambda\b", FOREIGN_SPELLING, "there are no functions of one's own", "use `| map` or `| select`"),
    _slip(
        r"(?:==|!=|[<>+*/~])\s*(?P<at>not)\b",
        EXPRESSION_SYNTAX,
        "`not` after an operator needs parentheses",
        "write `(not …)`",
    ),
    _slip(
        r"(?:[^\W\d]\w*|[\])])\.(?P<at>\d+)", EXPRESSION_SYNTAX, "an item is picked with square brackets", "write `[0]`"
    ),
    _slip(
        r"\d(?P<at>%)(?=\s*(?:$|[)\],:]|and\b|or\b|if\b|else\b))",
        FOREIGN_SPELLING,
        "a percentage is written as a fraction",
        "write `0.5` for 50%",
    ),
    _slip(
        r"(?<!\|)\|\s*\w+(?P<at>[.\[])",
        EXPRESSION_SYNTAX,
        "a part of what a filter gives needs parentheses",
        "write `(x | filter).field`",
    ),
    _slip(
        r"\b(?P<at>(?!(?:and|or|not|if|else|is|in)\b)\w+)\s+not\s+(?!in\b)\w",
        EXPRESSION_SYNTAX,
        "a word is missing before `not`",
        "write `is not`, or `and not`",
    ),
)
"""Looked up in the text with what is in quotes blanked out (`·`)."""

_ASSIGNMENT = late(r"(?<![=!<>])=(?![=>])")
_KEYWORD_BEFORE = late(r"[(,]\s*\w+\s*$")

_CLOSING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_BEGINS_A_VALUE = frozenset(
    ["NAME", "TRUE", "FALSE", "NONE", "INT", "FLOAT", "TEXT", "LPAR", "LSQB", "LBRACE", "NOT", "MINUS", "PLUS"]
)


def explain(text: str, tokens: list[Token], failed_at: int, found: list[Problem]) -> list[Problem]:
    """What is wrong with a text whose token number `failed_at` cannot follow; `found` was noted before it."""
    problems = [*found, *_slips(text, tokens)]
    return problems or [_unexpected(text, tokens, failed_at)]


def _slips(text: str, tokens: list[Token]) -> Iterator[Problem]:
    unclosed = next((token for token in tokens if token.kind == "UNKNOWN" and token.text in "'\""), None)
    if unclosed is not None:
        message = f"the text after `{unclosed.text}` has no closing quote"
        yield Problem(EXPRESSION_SYNTAX, unclosed.start, len(text), message, f"close it with `{unclosed.text}`")
    blank = _blanked(text, tokens, len(text) if unclosed is None else unclosed.start)
    taken: list[range] = []
    for slip in SLIPS:
        for match in slip.pattern.finditer(blank):
            start, end = match.span("at" if "at" in slip.pattern.groupindex else 0)
            if not any(start in place or end - 1 in place for place in taken):
                taken.append(range(start, end))
                yield Problem(slip.code, start, end, slip.message, slip.help, mends=mends_of_slip(text, start, end))
    for match in _ASSIGNMENT.finditer(blank):
        if match.start() not in {at for place in taken for at in place} and not _names_argument(blank, match.start()):
            start, end = match.span()
            mends = mends_of_slip(text, start, end)
            yield Problem(FOREIGN_SPELLING, start, end, "one `=` does not compare", "write `==`", mends=mends)


def _names_argument(blank: str, at: int) -> bool:
    """Whether the `=` belongs to `filter(name=value)`."""
    before = blank[:at]
    return before.count("(") > before.count(")") and _KEYWORD_BEFORE.search(before) is not None


def _blanked(text: str, tokens: list[Token], end: int) -> str:
    """The text with its literals as dots and nothing from `end` on; places stay the same."""
    characters = list(text[:end])
    for token in tokens:
        if token.kind == "TEXT":
            characters[token.start : token.end] = "·" * (token.end - token.start)
    return "".join(characters)


def _unexpected(text: str, tokens: list[Token], failed_at: int) -> Problem:
    token = tokens[failed_at]
    before = tokens[failed_at - 1] if failed_at else None
    if not text.strip():
        return Problem(
            EXPRESSION_SYNTAX, 0, len(text), "the expression is empty", "write a value, a name or a condition"
        )
    open_brackets, stray = _brackets(tokens)
    if stray is not None and stray <= failed_at:
        closing = tokens[stray]
        return Problem(EXPRESSION_SYNTAX, closing.start, closing.end, f"`{closing.text}` closes nothing", "remove it")
    if token.kind == "UNKNOWN":
        message = f"`{token.text}` means nothing in an expression"
        return Problem(EXPRESSION_SYNTAX, token.start, token.end, message)
    if before is None or not _ends_a_value(before):
        return _value_missing(token, before)
    if token.kind == "$END" and open_brackets:
        opening = open_brackets[-1]
        return Problem(EXPRESSION_SYNTAX, opening.start, opening.end, f"`{opening.text}` is never closed", "close it")
    if token.kind in _BEGINS_A_VALUE:
        message = f"something is missing between `{_short(before)}` and `{_short(token)}`"
        help = "put an operator between them, or quotes round a text"
        return Problem(EXPRESSION_SYNTAX, token.start, token.end, message, help)
    shown = f"`{_short(token)}` cannot stand here" if token.text else "the expression is not complete"
    return Problem(EXPRESSION_SYNTAX, token.start, token.end, shown, _hint(token))


def _hint(token: Token) -> str | None:
    if token.kind == "COMMA":
        return "a list stands in square brackets: `[a, b]`"
    if token.kind == "ELSE":
        return "write `a if condition else b`"
    return None


def _value_missing(token: Token, before: Token | None) -> Problem:
    if token.kind == "$END" and before is not None:
        message = f"a value is missing after `{_short(before)}`"
        return Problem(EXPRESSION_SYNTAX, before.start, before.end, message)
    where = f"before `{_short(token)}`" if before is None else f"between `{_short(before)}` and `{_short(token)}`"
    return Problem(EXPRESSION_SYNTAX, token.start, token.end, f"a value is missing {where}")


def _ends_a_value(token: Token) -> bool:
    return token.kind in ("NAME", "TRUE", "FALSE", "NONE", "INT", "FLOAT", "TEXT", "RPAR", "RSQB", "RBRACE")


def _brackets(tokens: list[Token]) -> tuple[list[Token], int | None]:
    """The brackets that are never closed, and the number of the first that closes nothing."""
    waiting: list[Token] = []
    for number, token in enumerate(tokens):
        if token.kind in _CLOSING:
            waiting.append(token)
        elif token.kind in _CLOSING.values():
            if not waiting or _CLOSING[waiting[-1].kind] != token.kind:
                return waiting, number
            waiting.pop()
    return waiting, None


def _short(token: Token) -> str:
    return token.text if len(token.text) <= 30 else token.text[:29] + "…"
