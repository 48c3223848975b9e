"""From a tree back to text: the shortest spelling that reads as the same tree, to Jinja as well."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from atk_interp.expressions import ast
from atk_interp.expressions.kinds import written

__all__ = ["unparse"]

_CONDITIONAL, _OR, _AND, _NOT, _COMPARISON, _SUM, _CONCAT, _PRODUCT, _POWER, _FILTER, _SIGN, _POSTFIX = range(12)
"""How tightly each construct binds, loosest first."""

_ARITHMETIC = {
    "+": (_SUM, _CONCAT),
    "-": (_SUM, _CONCAT),
    "*": (_PRODUCT, _POWER),
    "/": (_PRODUCT, _POWER),
    "//": (_PRODUCT, _POWER),
    "%": (_PRODUCT, _POWER),
    "**": (_POWER, _FILTER),
}
"""For each operator how tightly it binds, which its left side must as well, and what its right side must."""


def unparse(node: ast.Node) -> str:
    """The text of a tree, with one space round operators and double quotes."""
    return _text(node, _CONDITIONAL)


def _text(node: ast.Node, at_least: int) -> str:
    """The text of a node, in parentheses if it binds less tightly than its place asks."""
    binding, text = _bound(node)
    return text if binding >= at_least else f"({text})"


def _bound(node: ast.Node) -> tuple[int, str]:
    match node:
        case ast.Conditional(value=value, condition=condition, otherwise=otherwise):
            # A test without arguments right before `if` would take it for its argument.
            text = f"{_text(value, _FILTER)} if {_text(condition, _OR)}"
            return _CONDITIONAL, text if otherwise is None else f"{text} else {_text(otherwise, _CONDITIONAL)}"
        case ast.Or(left=left, right=right):
            return _OR, f"{_text(left, _OR)} or {_text(right, _AND)}"
        case ast.And(left=left, right=right):
            return _AND, f"{_text(left, _AND)} and {_text(right, _NOT)}"
        case ast.Unary(operator="not", operand=operand):
            return _NOT, f"not {_text(operand, _NOT)}"
        case ast.Comparison(first=first, rest=rest):
            links = (f" {operator} {_text(operand, _SUM)}" for operator, operand in rest)
            return _COMPARISON, _text(first, _SUM) + "".join(links)
        case ast.Arithmetic(operator=operator, left=left, right=right):
            own, other = _ARITHMETIC[operator]
            return own, f"{_text(left, own)} {operator} {_text(right, other)}"
        case ast.Concat(parts=parts):
            return _CONCAT, " ~ ".join(_text(part, _PRODUCT) for part in parts)
        case ast.Unary(operator=sign, operand=operand):
            return _SIGN, sign + _text(operand, _SIGN)
    return _called(node)


def _called(node: ast.Node) -> tuple[int, str]:
    match node:
        case ast.Filter(target=target, name=name, args=args, keywords=keywords):
            return _FILTER, f"{_text(target, _FILTER)} | {name}{_arguments(args, keywords)}"
        case ast.Test(target=target, name=name, args=args, keywords=keywords, negated=negated):
            text = f"{_text(target, _FILTER)} is {'not ' if negated else ''}{name}{_arguments(args, keywords)}"
            # Without arguments it must not be followed by a word; as if it bound loosely, it is put in parentheses.
            return _FILTER if args or keywords else _NOT, text
        case ast.Call(name=name, args=args, keywords=keywords):
            return _POSTFIX, name + (_arguments(args, keywords) or "()")
    return _POSTFIX, _value(node)


def _arguments(args: tuple[ast.Node, ...], keywords: tuple[ast.Keyword, ...]) -> str:
    given = [*map(unparse, args), *(f"{keyword.name}={unparse(keyword.value)}" for keyword in keywords)]
    return f"({', '.join(given)})" if given else ""


def _value(node: ast.Node) -> str:
    match node:
        case ast.Literal(value=value):
            return written(value)
        case ast.Name(name=name):
            return name
        case ast.Attribute(target=target, name=name):
            return f"{_text(target, _POSTFIX)}.{name}"
        case ast.Index(target=target, index=index):
            return f"{_text(target, _POSTFIX)}[{unparse(index)}]"
        case ast.Slice(target=target, lower=lower, upper=upper, step=step):
            bounds = ":".join("" if bound is None else unparse(bound) for bound in (lower, upper))
            return f"{_text(target, _POSTFIX)}[{bounds}{'' if step is None else ':' + unparse(step)}]"
        case ast.ListDisplay(items=items):
            return f"[{', '.join(map(unparse, items))}]"
        case ast.RecordDisplay(pairs=pairs):
            return "{" + ", ".join(_paired(pairs)) + "}"
    raise TypeError(f"not a node of an expression: {node!r}")


def _paired(pairs: Iterable[tuple[ast.Node, ast.Node]]) -> Iterable[str]:
    texts = map(unparse, chain.from_iterable(pairs))
    return (f"{key}: {value}" for key, value in zip(texts, texts, strict=True))
