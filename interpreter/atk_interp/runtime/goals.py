"""How many rows have come through, for sources that give rows until there are enough."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from atk_interp.plan import Goal, Plan, PlannedStep
from atk_interp.values import Row

__all__ = ["Accepted", "Counted"]

T = TypeVar("T")


class Accepted:
    """Counts the rows that are accepted, by the source that wants them. Safe for several threads."""

    def __init__(self, plan: Plan) -> None:
        self._lock = threading.Lock()
        self._by_step: dict[str, list[tuple[str, Goal]]] = {}
        self.counts: dict[str, int] = {}
        for name, step in plan.steps.items():
            if step.goal is not None:
                self.counts[name] = 0
                self._by_step.setdefault(step.goal.step, []).append((name, step.goal))

    def row(self, step: PlannedStep, row: Row) -> None:
        """A row has left a step."""
        for source, goal in self._by_step.get(step.name, ()):
            if goal.accepts(row):
                with self._lock:
                    self.counts[source] += 1


class Counted(Generic[T]):
    """Things to go through once, and how many they were."""

    def __init__(self, things: Iterable[T]) -> None:
        self._things = things
        self.count = 0

    def __iter__(self) -> Iterator[T]:
        for thing in self._things:
            self.count += 1
            yield thing
