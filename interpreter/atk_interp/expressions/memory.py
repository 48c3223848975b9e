"""What was found out about expressions before, for a process that checks the same texts again and again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from atk_interp.expressions import ast
from atk_interp.expressions.domains import Bounds
from atk_interp.expressions.types import Type

__all__ = ["KeyedMemory", "Memory"]

T = TypeVar("T")
_NOTHING: Mapping[str, Bounds] = {}


class _Entry(NamedTuple):
    known: Sequence[tuple[str, Type | None, Bounds | None]]
    """What was known of each name that matters."""
    held: object
    """Kept, or the numbers in a key might be given to others."""
    answer: object


class KeyedMemory(Generic[T]):
    """Answers that follow from a key, and from the types and bounds of some names.

    For each key the last answer is kept, and of at most `most` keys.
    """

    def __init__(self, most: int = 4_000) -> None:
        self._most = most
        self._entries: dict[Hashable, _Entry] = {}

    def recall_key(self, key: Hashable, scope: Mapping[str, Type], bounds: Mapping[str, Bounds] = _NOTHING) -> T | None:
        """The answer that was kept for the same question, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        for name, type_, within in entry.known:
            found = scope.get(name)
            if (found is not type_ and found != type_) or bounds.get(name) != within:
                return None
        return entry.answer  # type: ignore[return-value]

    def keep_key(
        self,
        answer: T,
        key: Hashable,
        names: Iterable[str],
        scope: Mapping[str, Type],
        bounds: Mapping[str, Bounds] = _NOTHING,
        *,
        held: object = None,
    ) -> T:
        """Keep an answer, which is given back."""
        if len(self._entries) >= self._most:
            self._entries.clear()
        known = [(name, scope.get(name), bounds.get(name)) for name in names]
        self._entries[key] = _Entry(known, held, answer)
        return answer


class Memory(KeyedMemory[T]):
    """Answers that follow from a list of nodes, and from the types and bounds of the names in them.

    Nodes are told by their identity: the parser gives the same ones for the same text, and comparing trees costs more
    than most answers.
    """

    def recall(
        self, nodes: Sequence[ast.Node], scope: Mapping[str, Type], bounds: Mapping[str, Bounds] = _NOTHING
    ) -> T | None:
        """The answer that was kept for the same question, or None."""
        return self.recall_key(tuple(map(id, nodes)), scope, bounds)

    def keep(
        self, answer: T, nodes: Sequence[ast.Node], scope: Mapping[str, Type], bounds: Mapping[str, Bounds] = _NOTHING
    ) -> T:
        """Keep an answer, which is given back."""
        names = {name for node in nodes for name in _names_in(node)}
        return self.keep_key(answer, tuple(map(id, nodes)), names, scope, bounds, held=tuple(nodes))


_NAMES: KeyedMemory[frozenset[str]] = KeyedMemory()


def _names_in(node: ast.Node) -> frozenset[str]:
    known = _NAMES.recall_key(id(node), {})
    if known is not None:
        return known
    names = frozenset(inner.name for inner in ast.walk(node) if isinstance(inner, ast.Name))
    return _NAMES.keep_key(names, id(node), (), {}, held=node)
