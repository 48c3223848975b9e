"""From a tree to a closure, once; then evaluating is calling functions that know their operands.

Nothing of the expression's text is executed. A closure takes the scope (names to JSON values), returns a JSON
value and raises `EvaluationError`. It keeps no state and is safe for threads. The nodes are compiled in
`compile_parts`, `compile_operators` and `compile_calls`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from atk_interp.expressions import ast
from atk_interp.expressions.compile_base import Closure, Compiling, Scope
from atk_interp.expressions.compile_calls import compiled_call, compiled_filter, compiled_lenient, compiled_test
from atk_interp.expressions.compile_operators import (
    compiled_and,
    compiled_arithmetic,
    compiled_comparison,
    compiled_concat,
    compiled_or,
    compiled_unary,
)
from atk_interp.expressions.compile_parts import compiled_attribute, compiled_index, compiled_name, compiled_slice
from atk_interp.expressions.errors import EvaluationError
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.functions import FILTERS, MISSING
from atk_interp.expressions.kinds import value_in_words
from atk_interp.expressions.unparse import unparse

__all__ = ["Compiled", "compile_expression"]

Compiled: TypeAlias = Callable[[Mapping[str, object]], object]


def compile_expression(expression: Expression, *, site: str = "") -> Compiled:
    """A function from the names in scope to the value.

    `site` names the place of the expression in the spec (a step and a key): two draws with the same seed, row and
    text are independent when their sites differ. Raises `EvaluationError` for functions and arguments that do not
    exist, which `check_expression` reports with more care.
    """
    return _Compiler(expression, site).closure(expression.root)


class _Compiler(Compiling):
    """Compiles the nodes of one expression.

    The order in which a node has its parts compiled numbers the draws that say the same: it must stay as it is.
    """

    def __init__(self, expression: Expression, site: str) -> None:
        self._expression = expression
        self._site = site
        self._draws: Counter[str] = Counter()

    def error(self, node: ast.Node, message: str) -> EvaluationError:
        return EvaluationError(message, self._expression.span(node))

    def site(self, node: ast.Node) -> str:
        text = unparse(node)
        site = f"{self._site}\0{text}\0{self._draws[text]}"
        self._draws[text] += 1
        return site

    def closure(self, node: ast.Node) -> Closure:
        match node:
            case ast.Literal(value=value):
                return lambda _: value
            case ast.Attribute():
                return compiled_attribute(self, node, is_lenient=False)
            case ast.Index():
                return compiled_index(self, node, is_lenient=False)
            case ast.Conditional():
                otherwise = (lambda _: None) if node.otherwise is None else self.closure(node.otherwise)
                return _choice(self.closure(node.value), self.closure(node.condition), otherwise)
            case ast.ListDisplay(items=nodes):
                items = [self.closure(item) for item in nodes]
                return lambda scope: [item(scope) for item in items]
            case ast.RecordDisplay():
                return self._record(node)
        compiled: Callable[[Compiling, Any], Closure] = _COMPILED[type(node)]
        return compiled(self, node)

    def lenient(self, node: ast.Node) -> Closure:
        match node:
            case ast.Name(name=name):
                return lambda scope: scope.get(name, MISSING)
            case ast.Attribute():
                return compiled_attribute(self, node, is_lenient=True)
            case ast.Index():
                return compiled_index(self, node, is_lenient=True)
            case ast.Conditional(value=value, condition=condition, otherwise=otherwise) if otherwise is not None:
                return _choice(self.lenient(value), self.closure(condition), self.lenient(otherwise))
            case ast.Filter(name=name) if name in FILTERS and FILTERS[name].can_miss:
                return compiled_lenient(self, node)
        return self.closure(node)

    def _record(self, node: ast.RecordDisplay) -> Closure:
        pairs = [(key, self.closure(key), self.closure(value)) for key, value in node.pairs]

        def build(scope: Scope) -> object:
            record: dict[object, object] = {}
            for key_node, key_of, value_of in pairs:
                key = key_of(scope)
                if type(key) is not str:
                    raise self.error(key_node, f"the keys of a record are text, not {value_in_words(key)}")
                record[key] = value_of(scope)
            return record

        return build


def _choice(value: Closure, condition: Closure, otherwise: Closure) -> Closure:
    return lambda scope: value(scope) if condition(scope) else otherwise(scope)


_COMPILED: Mapping[type[ast.Node], Callable[..., Closure]] = {
    ast.Name: compiled_name,
    ast.Slice: compiled_slice,
    ast.Unary: compiled_unary,
    ast.Arithmetic: compiled_arithmetic,
    ast.Concat: compiled_concat,
    ast.Comparison: compiled_comparison,
    ast.And: compiled_and,
    ast.Or: compiled_or,
    ast.Filter: compiled_filter,
    ast.Test: compiled_test,
    ast.Call: compiled_call,
}
