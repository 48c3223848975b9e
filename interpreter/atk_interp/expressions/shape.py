"""What reads well but means something else to Jinja, or nothing: found on the finished tree.

Some of Jinja's filters hand out a one-time generator. A generator is true even when nothing is in it, equals
nothing, and cannot be indexed; here every value is JSON and those filters give lists. So that no expression
means one thing in a spec and another in a prompt, the few uses that could tell the difference are refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.expressions import ast
from atk_interp.expressions.codes import UNLIKE_JINJA
from atk_interp.expressions.errors import Problem
from atk_interp.expressions.functions import CALLS, FILTERS

__all__ = ["RECORD_METHODS", "problems"]

RECORD_METHODS = frozenset(name for name in dir(dict) if not name.startswith("__"))
"""Attributes that every record has in Jinja, before its own fields."""

_LAZY_SAFE_TESTS = frozenset(
    ["boolean", "defined", "false", "float", "integer", "iterable", "mapping", "none", "number", "string", "true"]
)


def problems(root: ast.Node, text: str) -> list[Problem]:
    """Everything about this tree that Jinja would take otherwise; `text` is what it was read from."""
    found = list(_open_conditionals(root))
    for node in ast.walk(root):
        if isinstance(node, ast.Attribute) and (node.name in RECORD_METHODS or node.name.startswith("__")):
            found.append(_method(node, text))
        found.extend(_lazy_uses(node))
        found.extend(_marked_text(node))
    return found


def _open_conditionals(root: ast.Node) -> Iterator[Problem]:
    """An `if` without `else` gives "undefined" in Jinja, which only the whole expression may turn into none."""
    allowed: set[int] = set()
    tail: ast.Node | None = root
    waiting = [tail]
    while waiting:
        tail = waiting.pop()
        if isinstance(tail, ast.Conditional):
            allowed.add(id(tail))
            waiting.extend([tail.value, tail.otherwise])
    for node in ast.walk(root):
        if isinstance(node, ast.Conditional) and node.otherwise is None and id(node) not in allowed:
            message = "an `if` inside of something else needs its `else`"
            yield Problem(UNLIKE_JINJA, node.start, node.end, message, "add `else none`, or the value that fits")


def _method(node: ast.Attribute, text: str) -> Problem:
    start = node.end - len(node.name)
    target = text[node.start : node.target.end]
    message = f"`.{node.name}` is a method of every record in Jinja, not a field"
    written = f'{target}["{node.name}"]' if len(target) <= 40 else f'["{node.name}"]'
    return Problem(UNLIKE_JINJA, start, node.end, message, f"write `{written}` for the field")


def is_lazy(node: ast.Node) -> bool:
    """Whether Jinja's value may be a generator where ours is a list."""
    match node:
        case ast.Filter(target=target, name="default" | "d", args=args, keywords=keywords):
            return is_lazy(target) or any(map(is_lazy, args)) or any(is_lazy(given.value) for given in keywords)
        case ast.Filter(name=name):
            return name in FILTERS and FILTERS[name].lazy
        case ast.Call(name=name):
            return name in CALLS and CALLS[name].lazy
        case ast.Conditional(value=value, otherwise=otherwise):
            return is_lazy(value) or (otherwise is not None and is_lazy(otherwise))
        case ast.And(left=left, right=right) | ast.Or(left=left, right=right):
            return is_lazy(left) or is_lazy(right)
    return False


def _lazy_uses(node: ast.Node) -> Iterator[Problem]:
    for used in _weighed(node):
        if is_lazy(used):
            message = "Jinja would see a generator here, which is always true and equal to nothing"
            yield Problem(UNLIKE_JINJA, used.start, used.end, message, "add `| list` (or `| string` to reversed text)")


def _weighed(node: ast.Node) -> list[ast.Node]:
    """The operands whose truth, equality or items this node looks at."""
    match node:
        case ast.And(left=left) | ast.Or(left=left):
            return [left]
        case ast.Unary(operand=operand):
            return [operand]
        case ast.Conditional(condition=condition):
            return [condition]
        case ast.ListDisplay() | ast.RecordDisplay():
            return [*ast.children(node)]
        case ast.Index(target=target) | ast.Slice(target=target):
            return [target]
        case ast.Comparison(first=first, rest=rest):
            return _compared(first, rest)
        case ast.Test(target=target, name=name, args=args, keywords=keywords):
            weighed = [] if name in _LAZY_SAFE_TESTS else [target]
            return weighed if name == "in" else [*weighed, *args, *(keyword.value for keyword in keywords)]
        case ast.Filter(name="default" | "d", target=target, args=args, keywords=keywords):
            return [target] if len(args) > 1 or any(keyword.name == "boolean" for keyword in keywords) else []
        case ast.Filter(name=name) if name in FILTERS and FILTERS[name].in_jinja:
            return [*ast.children(node)[1:]]
    return []


def _compared(first: ast.Node, rest: tuple[tuple[str, ast.Node], ...]) -> list[ast.Node]:
    """All operands but the containers: looking for something in a generator finds it."""
    weighed: list[ast.Node] = [first]
    for position, (operator, operand) in enumerate(rest):
        is_linked_further = position + 1 < len(rest)
        if operator not in ("in", "not in") or is_linked_further:
            weighed.append(operand)
    return weighed


_ESCAPING = frozenset(["truncate", "trim"])


def _marked_text(node: ast.Node) -> Iterator[Problem]:
    """Jinja marks the text of `tojson` as HTML, and what is then added to it by `+` is escaped."""
    match node:
        case ast.Arithmetic(operator="+", left=left, right=right):
            used = [left, right]
        case ast.Filter(name="indent") | ast.Filter(name="map", args=[ast.Literal(value="indent"), *_]):
            # A marked text that is indented stays as it is; one that others are indented by does not.
            used = [*ast.children(node)[1:]]
        case ast.Filter(name="map", args=[ast.Literal(value=name), *_]) if name in _ESCAPING:
            used = [*ast.children(node)]
        case ast.Filter(name=name) if name in _ESCAPING:
            used = [*ast.children(node)]
        case _:
            return
    for part in used:
        if any(_gives_json(inner) for inner in ast.walk(part)):
            message = "Jinja would escape for HTML what is joined to the text of `tojson` like this"
            yield Problem(UNLIKE_JINJA, part.start, part.end, message, "join texts with `~`")


def _gives_json(node: ast.Node) -> bool:
    match node:
        case ast.Filter(name="tojson"):
            return True
        case ast.Filter(name="map", args=[ast.Literal(value="tojson"), *_]):
            return True
    return False
