"""`map`, `select`, `reject`, `selectattr`, `rejectattr`: what their arguments ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError
from atk_interp.expressions.functions import FILTERS, TESTS, Form, Function
from atk_interp.installed import why_refused

__all__ = ["Plan", "plan_of"]


class Plan(NamedTuple):
    """What is done to each item: take the field at `attribute`, then apply `function` to `args`.

    Without a function a `map` gives the field itself, and a `select` looks at its truth.
    """

    attribute: ast.Node | None
    default: ast.Node | None
    function: Function | None
    function_node: ast.Node | None
    args: tuple[ast.Node, ...]
    keywords: tuple[ast.Keyword, ...]


def plan_of(node: ast.Filter) -> Plan:
    """What the arguments of the filter ask for. Raises `BindingError`."""
    if node.name == "map":
        return _mapping(node)
    args = node.args
    attribute = None
    if node.name.endswith("attr"):
        if not args:
            raise BindingError(f"`{node.name}` needs the name of a field", None, f'write `{node.name}("field")`')
        attribute, args = args[0], args[1:]
    if not args:
        if node.keywords:
            keyword = node.keywords[0]
            raise BindingError(f"`{node.name}` has no parameter `{keyword.name}`", (keyword.start, keyword.end))
        return Plan(attribute, None, None, None, (), ())
    function = _named(args[0], TESTS, "test")
    return Plan(attribute, None, function, args[0], args[1:], node.keywords)


def _mapping(node: ast.Filter) -> Plan:
    if node.args:
        function = _named(node.args[0], FILTERS, "filter")
        if function.form not in (Form.PLAIN, Form.LENIENT) or function.lazy:
            place = (node.args[0].start, node.args[0].end)
            raise BindingError(f"`{function.name}` cannot be applied by `map`", place)
        return Plan(None, None, function, node.args[0], node.args[1:], node.keywords)
    given = {keyword.name: keyword for keyword in node.keywords}
    attribute, default = given.pop("attribute", None), given.pop("default", None)
    if attribute is None:
        help = 'write `map(attribute="field")` or `map("filter")`'
        raise BindingError("`map` needs a field or the name of a filter", None, help)
    for keyword in given.values():
        raise BindingError(f"`map` has no parameter `{keyword.name}`", (keyword.start, keyword.end))
    return Plan(attribute.value, None if default is None else default.value, None, None, (), ())


def _named(node: ast.Node, table: Mapping[str, Function], word: str) -> Function:
    if not isinstance(node, ast.Literal) or not isinstance(node.value, str):
        raise BindingError(f"the name of a {word} in quotes is needed here", (node.start, node.end))
    if node.value not in table:
        help = did_you_mean(node.value, table)
        told = why_refused(table, node.value) or f"there is no {word} `{node.value}`"
        raise BindingError(told, (node.start, node.end), help)
    return table[node.value]
