"""An expression that has been read: its tree, its text, and where everything stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from atk_interp.diagnostics import Sink
from atk_interp.expressions import ast
from atk_interp.expressions.memory import Memory
from atk_interp.expressions.parser import parse
from atk_interp.records import dataclass
from atk_interp.source import MappedText, Span

__all__ = ["Expression", "parse_expression"]

_NAMES: Memory[Mapping[str, tuple[ast.Name, ...]]] = Memory()


@dataclass(frozen=True)
class Expression:
    """`root` is the tree; the indices of its nodes count characters of `text.value`."""

    text: MappedText
    root: ast.Node

    @cached_property
    def names(self) -> Mapping[str, tuple[ast.Name, ...]]:
        """The free names, in order of appearance, each with every node that is it."""
        return _NAMES.recall((self.root,), {}) or _NAMES.keep(_names(self.root), (self.root,), {})

    def span(self, node: ast.Node) -> Span:
        """Where a node stands in the file."""
        return self.text.span(node.start, node.end)


def _names(root: ast.Node) -> Mapping[str, tuple[ast.Name, ...]]:
    found: dict[str, tuple[ast.Name, ...]] = {}
    for node in ast.walk(root):
        if isinstance(node, ast.Name):
            found[node.name] = (*found.get(node.name, ()), node)
    return found


def parse_expression(text: MappedText, sink: Sink, calls: frozenset[str] = frozenset()) -> Expression | None:
    """Read an expression, without a leading `=`. None when it cannot be read; the sink has been told why.

    `calls` are functions that this place has beside those of the language: what they mean is for the caller to say.
    """
    root, problems = parse(text.value, calls)
    for problem in problems:
        problem.report(text, sink)
    return None if root is None else Expression(text, root)
