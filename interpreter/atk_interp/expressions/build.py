"""From productions of the grammar to nodes of the tree: one method per alias of `grammar.lark`.

A method gets where its production begins and ends, and the pieces it consists of; what it cannot accept it
notes as a problem, and returns the nearest sensible node so that reading goes on.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any, NamedTuple

from atk_interp.expressions import ast
from atk_interp.expressions.bounds import is_number_in_range
from atk_interp.expressions.codes import EXPRESSION_SYNTAX, UNLIKE_JINJA
from atk_interp.expressions.errors import Problem
from atk_interp.expressions.foreign import call_problem, method_problem
from atk_interp.expressions.literals import LiteralError, unquoted
from atk_interp.expressions.mends import mends_of_call, mends_of_method
from atk_interp.patterns import pattern

__all__ = ["Builder", "Piece"]

# After a test without arguments Jinja takes a following word for the test's argument.
_WORD_AFTER_TEST = pattern(r"\s*(if|in|not|is)\b")


class Piece(NamedTuple):
    """What a symbol became: `text[start:end]`, and a node, a token's text, or a list of parts."""

    start: int
    end: int
    value: Any


class _Called(NamedTuple):
    """The right side of `is`: a test's name and arguments."""

    start: int
    name: str
    args: list[ast.Node | ast.Keyword]


class Builder:
    """Builds one tree. `problems` holds what was found on the way; `calls` are functions of this place alone."""

    def __init__(self, text: str, calls: Set[str]) -> None:
        self._source = text
        self._calls = calls
        self.problems: list[Problem] = []

    def _problem(self, start: int, end: int, message: str, help: str | None = None) -> None:
        self.problems.append(Problem(EXPRESSION_SYNTAX, start, end, message, help))

    # Conditions

    def conditional(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        value, _, condition, _, otherwise = parts
        return ast.Conditional(value.value, condition.value, otherwise.value, start=start, end=end)

    def open_conditional(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        value, _, condition = parts
        return ast.Conditional(value.value, condition.value, None, start=start, end=end)

    def either(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Or(parts[0].value, parts[2].value, start=start, end=end)

    def both(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.And(parts[0].value, parts[2].value, start=start, end=end)

    def negation(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Unary("not", parts[1].value, start=start, end=end)

    def comparison(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        first, operator, operand = parts
        return ast.Comparison(first.value, ((operator.value, operand.value),), start=start, end=end)

    def longer_comparison(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        before, operator, operand = parts
        rest = (*before.value.rest, (operator.value, operand.value))
        return ast.Comparison(before.value.first, rest, start=start, end=end)

    def not_in(self, start: int, end: int, parts: list[Piece]) -> str:
        return "not in"

    # Arithmetic

    def arithmetic(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        left, operator, right = parts
        return ast.Arithmetic(operator.value, left.value, right.value, start=start, end=end)

    def concat(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Concat((parts[0].value, parts[2].value), start=start, end=end)

    def longer_concat(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Concat((*parts[0].value.parts, parts[2].value), start=start, end=end)

    def sign(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Unary(parts[0].value, parts[1].value, start=start, end=end)

    # Filters, tests, calls

    def filtered(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        target, _, name = parts[:3]
        args, keywords = self._arguments(parts[4].value if len(parts) > 3 else [])
        return ast.Filter(target.value, name.value, args, keywords, start=start, end=end, name_start=name.start)

    def test(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return self._test(start, end, parts[0].value, parts[2].value, negated=False)

    def negated_test(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return self._test(start, end, parts[0].value, parts[3].value, negated=True)

    def _test(self, start: int, end: int, target: ast.Node, called: _Called, *, negated: bool) -> ast.Node:
        args, keywords = self._arguments(called.args)
        name_start = called.start
        return ast.Test(target, called.name, args, keywords, negated, start=start, end=end, name_start=name_start)

    def plain_test(self, start: int, end: int, parts: list[Piece]) -> _Called:
        name = parts[0]
        if found := _WORD_AFTER_TEST.match(self._source, end):
            message = f"Jinja takes the `{found[1]}` after `is {name.value}` for the argument of the test"
            help = "put the whole test in parentheses: `(… is …)`"
            self.problems.append(Problem(UNLIKE_JINJA, found.start(1), found.end(1), message, help))
        return _Called(start, name.value, [])

    def called_test(self, start: int, end: int, parts: list[Piece]) -> _Called:
        return _Called(start, parts[0].value, parts[2].value)

    def bare_test(self, start: int, end: int, parts: list[Piece]) -> _Called:
        return _Called(start, parts[0].value, [parts[1].value])

    def call(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        called, arguments = parts[0].value, parts[2].value
        inside = self._source[parts[1].end : parts[3].start].strip()
        args, keywords = self._arguments(arguments)
        if isinstance(called, ast.Name):
            problem = None if called.name in self._calls else call_problem(called, inside, self._calls)
            if problem is not None:
                mends = mends_of_call(self._source, start, end, called.name, inside)
                self.problems.append(replace(problem, mends=mends))
            return ast.Call(called.name, args, keywords, start=start, end=end)
        if isinstance(called, ast.Attribute):
            target = self._source[parts[0].start : called.target.end]
            problem = method_problem(called, target, inside)
            whole = self._source[parts[0].start : called.end - len(called.name)].rstrip().removesuffix(".")
            mends = mends_of_method(self._source, start, end, called.name, whole, inside)
            self.problems.append(replace(problem, mends=mends))
            return called.target
        self._problem(parts[1].start, end, "only functions can be called", "remove the parentheses and what is in them")
        return ast.Literal(None, start=start, end=end)

    def _arguments(self, given: list[ast.Node | ast.Keyword]) -> tuple[tuple[ast.Node, ...], tuple[ast.Keyword, ...]]:
        args: list[ast.Node] = []
        keywords: dict[str, ast.Keyword] = {}
        for argument in given:
            if isinstance(argument, ast.Keyword):
                if argument.name in keywords:
                    self._problem(argument.start, argument.end, f"`{argument.name}` is given twice")
                keywords[argument.name] = argument
                continue
            if keywords:
                self._problem(argument.start, argument.end, "an argument without a name stands after one with a name")
            args.append(argument)
        return tuple(args), tuple(keywords.values())

    def keyword(self, start: int, end: int, parts: list[Piece]) -> ast.Keyword:
        name, _, value = parts
        return ast.Keyword(name.value, value.value, start=name.start, end=name.end)

    # Parts of values

    def attribute(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Attribute(parts[0].value, parts[2].value, start=start, end=end)

    def index(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Index(parts[0].value, parts[2].value, start=start, end=end)

    def sliced(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        lower, upper, step = parts[2].value
        return ast.Slice(parts[0].value, lower, upper, step, start=start, end=end)

    def bounds(self, start: int, end: int, parts: list[Piece]) -> list[ast.Node | None]:
        bounds = [part.value for part in parts[::2]]
        return bounds if len(bounds) == 3 else [*bounds, None]

    def no_bound(self, start: int, end: int, parts: list[Piece]) -> None:
        return None

    # Values

    def parenthesised(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        node: ast.Node = parts[1].value
        return node

    def tuple_display(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        inside = self._source[start + 1 : end - 1].strip().rstrip(",")
        help = f"write `[{inside}]`" if len(inside) <= 40 else "write square brackets"
        self.problems.append(Problem(UNLIKE_JINJA, start, end, "a list is written in square brackets", help))
        return ast.ListDisplay((), start=start, end=end)

    def name(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Name(parts[0].value, start=start, end=end)

    def true(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Literal(True, start=start, end=end)

    def false(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Literal(False, start=start, end=end)

    def none(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Literal(None, start=start, end=end)

    def int_literal(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return self._number(start, end, int(parts[0].value) if end - start <= 40 else None)

    def float_literal(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return self._number(start, end, float(parts[0].value))

    def _number(self, start: int, end: int, number: int | float | None) -> ast.Node:
        if number is None or not is_number_in_range(number):
            self._problem(start, end, "the number is too large", "whole numbers have at most 64 bits here")
            number = 0
        return ast.Literal(number, start=start, end=end)

    def text_literal(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Literal(self._unquoted(parts[0]), start=start, end=end)

    def longer_text_literal(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        return ast.Literal(parts[0].value.value + self._unquoted(parts[1]), start=start, end=end)

    def _unquoted(self, piece: Piece) -> str:
        try:
            return unquoted(piece.value)
        except LiteralError as error:
            help = "double a backslash that stands for itself"
            self._problem(piece.start + error.start, piece.start + error.end, str(error), help)
            return ""

    def list_display(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        items = parts[1].value if len(parts) > 2 else ()
        return ast.ListDisplay((*items,), start=start, end=end)

    def record_display(self, start: int, end: int, parts: list[Piece]) -> ast.Node:
        pairs = parts[1].value if len(parts) > 2 else ()
        for key, _ in pairs:
            if isinstance(key, ast.Literal) and not isinstance(key.value, str):
                self._problem(key.start, key.end, "the keys of a record are text", "put the key in quotes")
        return ast.RecordDisplay((*pairs,), start=start, end=end)

    def pair(self, start: int, end: int, parts: list[Piece]) -> Any:
        return parts[0].value, parts[2].value

    def first_item(self, start: int, end: int, parts: list[Piece]) -> Any:
        return [parts[0].value]

    def next_item(self, start: int, end: int, parts: list[Piece]) -> Any:
        items, _, item = parts
        items.value.append(item.value)
        return items.value

    def no_args(self, start: int, end: int, parts: list[Piece]) -> Any:
        return []
