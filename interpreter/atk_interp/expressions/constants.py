"""What an expression says outright, and is the same on every row."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Sink
from atk_interp.expressions import ast
from atk_interp.expressions.codes import WRONG_OPERAND
from atk_interp.expressions.errors import EvaluationError
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.functions import CALLS, FILTERS, Form, Function

__all__ = ["OPEN", "check_constants", "written_out"]

OPEN = object()
"""The value of what is not written out."""

_SLOW = frozenset(["tokens", "language", "readability", "redacted", "copied", "longest_copy", "hash"])
"""What must not be loaded, or computed, for a check: they take every text."""
_ROW = {"row": {"id": "", "source": ""}, "seed": 0}
"""Whatever is drawn for it, is drawn from the same items as for any other."""


def written_out(node: ast.Node) -> object:
    """The value of a literal, a number with a sign, or a list of them; `OPEN` for every other node."""
    match node:
        case ast.Literal(value=value):
            return value
        case ast.Unary(operator="-", operand=ast.Literal(value=int() | float() as value)) if not isinstance(
            value, bool
        ):
            return -value
        case ast.ListDisplay(items=items):
            values = [written_out(item) for item in items]
            return OPEN if any(value is OPEN for value in values) else values
    return OPEN


def check_constants(expression: Expression, sink: Sink) -> None:
    """Report each part of an expression without mistakes in its types that is the same on every row, and fails."""
    for part in _largest(expression.root):
        from atk_interp.expressions.compile import compile_expression  # imported late: few expressions have any

        try:
            compile_expression(Expression(expression.text, part))(_ROW)
        except EvaluationError as error:
            sink.report(WRONG_OPERAND, error.span, error.message)


def _largest(root: ast.Node) -> Iterator[ast.Node]:
    """The parts that depend on nothing, and are in no other such part; not those that say all at a glance."""
    found: list[ast.Node] = []
    if _gather(root, found):
        found.append(root)
    return (part for part in found if written_out(part) is OPEN)


def _gather(node: ast.Node, found: list[ast.Node]) -> bool:
    """Whether a node depends on nothing. Otherwise the parts directly below it that do are among those found."""
    parts = ast.children(node)
    settled = [_gather(part, found) for part in parts]
    if all(settled) and _is_settled(node):
        return True
    function = FILTERS.own.get(node.name) if isinstance(node, ast.Filter) else None
    # A value that is missing is what `default` is for.
    spared = 1 if isinstance(node, ast.Test) or (function is not None and function.form is Form.LENIENT) else 0
    found += [part for part, is_settled in zip(parts[spared:], settled[spared:], strict=True) if is_settled]
    return False


def _is_settled(node: ast.Node) -> bool:
    match node:
        case ast.Literal() | ast.ListDisplay() | ast.RecordDisplay() | ast.Unary() | ast.Arithmetic() | ast.Concat():
            return True
        case ast.Filter(name=name):
            return _is_quick(FILTERS.own.get(name))
        case ast.Call(name=name):
            return _is_quick(CALLS.get(name))
    return False


def _is_quick(function: Function | None) -> bool:
    return function is not None and function.form in (Form.PLAIN, Form.SEEDED) and function.name not in _SLOW
