"""Reading an expression: tokens, the LALR(1) automaton of `tables.json`, and the tree.

The tables are lark's work (see `tables.py`); running them takes forty lines and none of lark's start-up time.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

from atk_interp.expressions import ast, shape, slips
from atk_interp.expressions.bounds import MAX_DEPTH, MAX_LENGTH
from atk_interp.expressions.build import Builder, Piece
from atk_interp.expressions.codes import EXPRESSION_SYNTAX
from atk_interp.expressions.errors import Problem
from atk_interp.expressions.slips import Token
from atk_interp.expressions.tables import TABLES
from atk_interp.values import decode

__all__ = ["parse", "scan"]


class _Tables(NamedTuple):
    pattern: re.Pattern[str]
    keywords: dict[str, str]
    rules: list[tuple[str, int, str | None]]
    states: list[dict[str, int]]
    start: int
    final: int


@cache
def _tables() -> _Tables:
    data: Any = decode(TABLES.read_bytes())
    rules = [tuple(rule) for rule in data["rules"]]
    return _Tables(re.compile(data["pattern"]), data["keywords"], rules, data["states"], data["start"], data["final"])


def parse(text: str, calls: frozenset[str] = frozenset()) -> tuple[ast.Node | None, tuple[Problem, ...]]:
    """The tree of an expression, or None and what is wrong with it. `calls` are functions beside the language's own."""
    if len(text) > MAX_LENGTH:
        message = f"the expression has more than {MAX_LENGTH:,} characters"
        return None, (Problem(EXPRESSION_SYNTAX, 0, len(text), message, "split it into several steps"),)
    return _parsed(text, calls)


@lru_cache(maxsize=1024)
def _parsed(text: str, calls: frozenset[str]) -> tuple[ast.Node | None, tuple[Problem, ...]]:
    """As `parse`. An editor asks for the same expressions at every key that is pressed."""
    tokens = scan(text)
    builder = Builder(text, calls)
    node, failed_at = _run(tokens, builder)
    if node is None:
        problems = slips.explain(text, tokens, failed_at, builder.problems)
    elif _depth(node) > MAX_DEPTH:
        help = "split it into several steps"
        problems = [Problem(EXPRESSION_SYNTAX, 0, len(text), "the expression is nested too deeply", help)]
    else:
        problems = [*builder.problems, *shape.problems(node, text)]
    return (None if problems else node), tuple(problems)


def scan(text: str) -> list[Token]:
    """The tokens of a text without spaces; what is none is of type UNKNOWN, and the last is END."""
    pattern, keywords, *_ = _tables()
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = pattern.match(text, at)
        kind = "UNKNOWN" if found is None else str(found.lastgroup)
        end = at + 1 if found is None else found.end()
        if kind != "SPACE":
            value = text[at:end]
            tokens.append(Token(keywords.get(value, kind), at, end, value))
        at = end
    tokens.append(Token("$END", len(text), len(text), ""))
    return tokens


def _run(tokens: list[Token], builder: Builder) -> tuple[ast.Node | None, int]:
    """The tree, or None and the number of the token that cannot follow."""
    _, _, rules, states, start, final = _tables()
    stack, pieces = [start], list[Piece]()
    for number, token in enumerate(tokens):
        while (action := states[stack[-1]].get(token.kind, 0)) < 0:
            symbol, length, alias = rules[-action - 1]
            parts = pieces[-length:] if length else []
            if length:
                del stack[-length:], pieces[-length:]
            pieces.append(_reduced(builder, alias, parts, token.start))
            stack.append(states[stack[-1]][symbol] - 1)
            if stack[-1] == final:
                node: ast.Node = pieces[0].value
                return node, number
        if not action:
            return None, number
        stack.append(action - 1)
        pieces.append(Piece(token.start, token.end, token.text))
    raise AssertionError("the last token either ends the expression or cannot follow")


def _reduced(builder: Builder, alias: str | None, parts: list[Piece], at: int) -> Piece:
    start, end = (parts[0].start, parts[-1].end) if parts else (at, at)
    value = parts[0].value if alias is None else getattr(builder, alias)(start, end, parts)
    return Piece(start, end, value)


def _depth(root: ast.Node) -> int:
    deepest = 0
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in ast.children(node))
    return deepest
