"""Closures of operators. Where one side is known beforehand, only the other is looked at for each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atk_interp.expressions import ast
from atk_interp.expressions.compile_base import NOT_CONSTANT, Closure, Compiling, Scope, constant
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.operators import ARITHMETIC, COMPARISONS, against, concatenated, negated

__all__ = [
    "compiled_and",
    "compiled_arithmetic",
    "compiled_comparison",
    "compiled_concat",
    "compiled_or",
    "compiled_unary",
]

_INCOMPARABLE = (OperandError, TypeError, RecursionError)


def compiled_and(compiler: Compiling, node: ast.And) -> Closure:
    left, right = compiler.closure(node.left), compiler.closure(node.right)
    return lambda scope: left(scope) and right(scope)


def compiled_or(compiler: Compiling, node: ast.Or) -> Closure:
    left, right = compiler.closure(node.left), compiler.closure(node.right)
    return lambda scope: left(scope) or right(scope)


def compiled_unary(compiler: Compiling, node: ast.Unary) -> Closure:
    """`not x`, `-x`, `+x`"""
    operand, sign = compiler.closure(node.operand), node.operator
    if sign == "not":
        return lambda scope: not operand(scope)

    def compute(scope: Scope) -> object:
        try:
            return negated(sign, operand(scope))
        except OperandError as refusal:
            raise compiler.error(node, str(refusal)) from None

    return compute


def compiled_arithmetic(compiler: Compiling, node: ast.Arithmetic) -> Closure:
    apply = ARITHMETIC[node.operator]
    left, right = compiler.closure(node.left), compiler.closure(node.right)

    def compute(scope: Scope) -> object:
        try:
            return apply(left(scope), right(scope))
        except OperandError as refusal:
            raise compiler.error(node, str(refusal)) from None

    return compute


def compiled_concat(compiler: Compiling, node: ast.Concat) -> Closure:
    """`a ~ b ~ c`"""
    parts = [compiler.closure(part) for part in node.parts]
    gather = _gatherer(parts)

    def join(scope: Scope) -> object:
        values = gather(scope)
        try:
            return concatenated(values)
        except OperandError as refusal:
            raise compiler.error(node, str(refusal)) from None

    return join


def _gatherer(parts: list[Closure]) -> Callable[[Scope], list[object]]:
    """The values of all parts. The usual numbers of parts are written out: that takes half the time of a loop."""
    match parts:
        case [a, b]:
            return lambda scope: [a(scope), b(scope)]
        case [a, b, c]:
            return lambda scope: [a(scope), b(scope), c(scope)]
    return lambda scope: [part(scope) for part in parts]


def compiled_comparison(compiler: Compiling, node: ast.Comparison) -> Closure:
    if len(node.rest) > 1:
        return _chain(compiler, node)
    [(operator, operand)] = node.rest
    left = compiler.closure(node.first)
    value: Any = _unchanging(operator, operand)
    if value is NOT_CONSTANT:
        return _between(compiler, node, operator, left, compiler.closure(operand))
    if operator == "==":
        return lambda scope: left(scope) == value
    if operator == "!=":
        return lambda scope: left(scope) != value
    compare = against(operator, value)

    def decide(scope: Scope) -> object:
        try:
            return compare(left(scope))
        except _INCOMPARABLE as refusal:
            raise compiler.refusal(node, operator, refusal) from None

    return decide


def _unchanging(operator: str, operand: ast.Node) -> object:
    """The right side when it is the same on every row: a literal, or for `in` a list of literals."""
    if operator in ("in", "not in") and isinstance(operand, ast.ListDisplay):
        values = [constant(item) for item in operand.items]
        return NOT_CONSTANT if NOT_CONSTANT in values else values
    return constant(operand)


def _between(compiler: Compiling, node: ast.Node, operator: str, left: Closure, right: Closure) -> Closure:
    compare = COMPARISONS[operator]

    def decide(scope: Scope) -> object:
        try:
            return compare(left(scope), right(scope))
        except _INCOMPARABLE as refusal:
            raise compiler.refusal(node, operator, refusal) from None

    return decide


def _chain(compiler: Compiling, node: ast.Comparison) -> Closure:
    """`0 < a < 9`: each link holds, and what is in the middle is evaluated once."""
    first = compiler.closure(node.first)
    links = [(operator, COMPARISONS[operator], compiler.closure(operand)) for operator, operand in node.rest]

    def decide(scope: Scope) -> object:
        left = first(scope)
        for operator, compare, operand in links:
            right = operand(scope)
            try:
                if not compare(left, right):
                    return False
            except _INCOMPARABLE as refusal:
                raise compiler.refusal(node, operator, refusal) from None
            left = right
        return True

    return decide
