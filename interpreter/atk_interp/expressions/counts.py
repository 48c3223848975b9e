"""What became of the rows of a run, as functions of an expression: `rows("questions") >= 10`.

Only a check of a pipeline may call them. Each call names a step or an output in quotes, so before there is a run a call
is the same as a name: `with_counts` makes names of them, and whoever evaluates gives these names their values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from atk_interp.expressions import ast
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.functions.counts import COUNTS
from atk_interp.records import dataclass

__all__ = ["Counted", "counted_name", "with_counts"]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a call asks for: a key of `COUNTS`, and the step or output, or "" for the whole run."""

    function: str
    of: str


def counted_name(counted: Counted) -> str:
    """The name that stands for a call; no author can write it as one."""
    return f'{counted.function}("{counted.of}")' if counted.of else f"{counted.function}()"


def with_counts(expression: Expression, read: Callable[[ast.Call], Counted | None]) -> Expression:
    """The expression with a name in the place of each call of a counting function.

    `read` says what a call asks for; where it is None (which it has reported), a name stands that nothing is known of.
    """

    def named(node: ast.Node) -> ast.Node | None:
        if not isinstance(node, ast.Call) or node.name not in COUNTS:
            return None
        counted = read(node)
        return ast.Name(counted_name(counted or Counted(node.name, "?")), start=node.start, end=node.end)

    return Expression(expression.text, _replaced(expression.root, named))


def _replaced(part: Any, change: Callable[[ast.Node], ast.Node | None]) -> Any:
    """A node, or what one holds, with the nodes in it changed; None leaves one as it is."""
    if isinstance(part, tuple):
        return tuple(_replaced(item, change) for item in part)
    if isinstance(part, ast.Node):
        changed = change(part)
        if changed is not None:
            return changed
    elif not isinstance(part, ast.Keyword):
        return part
    inner = {each.name: getattr(part, each.name) for each in fields(part)}
    return replace(part, **{name: _replaced(value, change) for name, value in inner.items()})
