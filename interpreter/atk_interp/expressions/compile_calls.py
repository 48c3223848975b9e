"""Closures of filters, tests and functions: what can be settled before there is a row is settled here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from atk_interp.expressions import ast
from atk_interp.expressions.arguments import operands, unary, unfit
from atk_interp.expressions.compile_base import REFUSALS, Closure, Compiling, Scope
from atk_interp.expressions.compile_each import compiled_each
from atk_interp.expressions.draws import draw_for
from atk_interp.expressions.functions import CALLS, FILTERS, MISSING, TESTS, Form, Function

__all__ = ["compiled_call", "compiled_filter", "compiled_lenient", "compiled_test"]

_Called: TypeAlias = ast.Filter | ast.Test | ast.Call
_Evaluate: TypeAlias = Callable[[Scope], Sequence[object]]


def compiled_filter(compiler: Compiling, node: ast.Filter) -> Closure:
    """`target | name(…)`"""
    function = _function(compiler, node, FILTERS, "filter")
    if function.form in (Form.EACH, Form.CHOSEN):
        return compiled_each(compiler, node, function)
    if not function.can_miss:
        return _applied(compiler, node, function, _target(compiler, node.target, function))
    apply = compiled_lenient(compiler, node)

    def present(scope: Scope) -> object:
        value = apply(scope)
        if value is MISSING:
            raise compiler.error(node, f"there is no {function.name} item: the list is empty")
        return value

    return present


def compiled_lenient(compiler: Compiling, node: ast.Filter) -> Closure:
    """A filter whose result may be `MISSING`."""
    return _applied(compiler, node, FILTERS[node.name], compiler.closure(node.target))


def compiled_test(compiler: Compiling, node: ast.Test) -> Closure:
    """`target is name(…)`, or `is not`"""
    function = _function(compiler, node, TESTS, "test")
    decide = _applied(compiler, node, function, _target(compiler, node.target, function))
    return (lambda scope: not decide(scope)) if node.negated else decide


def compiled_call(compiler: Compiling, node: ast.Call) -> Closure:
    """`name(…)`"""
    return _applied(compiler, node, _function(compiler, node, CALLS, "function"), lambda _: None)


def _function(compiler: Compiling, node: _Called, table: Mapping[str, Function], word: str) -> Function:
    if node.name not in table:
        raise compiler.error(node, f"there is no {word} `{node.name}`")
    return table[node.name]


def _target(compiler: Compiling, node: ast.Node, function: Function) -> Closure:
    return compiler.lenient(node) if function.form is Form.LENIENT else compiler.closure(node)


def _applied(compiler: Compiling, node: _Called, function: Function, target: Closure) -> Closure:
    """A function on its value: its kind is looked at, then it is applied."""
    constants, evaluate = operands(compiler, node, function, node.args, node.keywords)
    apply, types, name = function.apply, function.types, function.name
    if function.form is Form.LENIENT:
        return lambda scope: apply(target(scope), *evaluate(scope))
    if constants is not None and function.form is Form.PLAIN:
        alone = unary(function, constants)

        def call_alone(scope: Scope) -> object:
            value = target(scope)
            if type(value) not in types:
                raise compiler.error(node, unfit(function, value))
            try:
                return alone(value)
            except REFUSALS as refusal:
                raise compiler.refusal(node, name, refusal) from None

        return call_alone
    if function.form is Form.SEEDED:
        apply, evaluate = _drawn(function, compiler.site(node), evaluate)

    def call(scope: Scope) -> object:
        value = target(scope)
        if type(value) not in types:
            raise compiler.error(node, unfit(function, value))
        try:
            return apply(value, *evaluate(scope))
        except REFUSALS as refusal:
            raise compiler.refusal(node, name, refusal) from None

    return call


def _drawn(function: Function, site: str, evaluate: _Evaluate) -> tuple[Callable[..., object], _Evaluate]:
    """The function and its arguments with the draw of this row among them."""
    apply = function.apply
    return (
        lambda value, draw, *rest: apply(draw, value, *rest),
        lambda scope: (draw_for(scope, site), *evaluate(scope)),
    )
