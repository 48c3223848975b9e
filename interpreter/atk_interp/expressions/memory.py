"""What was found out about expressions before, for a process that checks the same texts again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from atk_interp.expressions import ast
from atk_interp.expressions.domains import Bounds
from atk_interp.expressions.types import Type

__all__ = ["Memory"]

T = TypeVar("T")
_NOTHING: Mapping[str, Bounds] = {}


class _Entry(NamedTuple):
    nodes: tuple[ast.Node, ...]
    """Kept, or their numbers might be given to others."""
    known: Sequence[tuple[str, Type | None, Bounds | None]]
    """What was known of each name in the nodes."""
    answer: object


class Memory(Generic[T]):
    """Answers that follow from nodes, and from the types and bounds of the names in them.

    Nodes are told by their identity: the parser gives the same ones for the same text, and comparing trees costs more
    than most answers. For each list of nodes the last answer is kept, and of at most `most` lists.
    """

    def __init__(self, most: int = 4_000) -> None:
        self._most = most
        self._entries: dict[tuple[int, ...], _Entry] = {}

    def recall(
        self, nodes: Sequence[ast.Node], scope: Mapping[str, Type], bounds: Mapping[str, Bounds] = _NOTHING
    ) -> T | None:
        """The answer that was kept for the same question, or None."""
        entry = self._entries.get(tuple(map(id, nodes)))
        if entry is None:
            return None
        for name, type_, within in entry.known:
            found = scope.get(name)
            if (found is not type_ and found != type_) or bounds.get(name) != within:
                return None
        return entry.answer  # type: ignore[return-value]

    def keep(
        self, answer: T, nodes: Sequence[ast.Node], scope: Mapping[str, Type], bounds: Mapping[str, Bounds] = _NOTHING
    ) -> T:
        """Keep an answer, which is given back."""
        if len(self._entries) >= self._most:
            self._entries.clear()
        names = {inner.name for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        known = [(name, scope.get(name), bounds.get(name)) for name in names]
        self._entries[tuple(map(id, nodes))] = _Entry(tuple(nodes), known, answer)
        return answer
