"""The canonical prefix of a run: how far all rows are settled, and what is decided on it.

Rows settle in any order. Every row that a source or a set-wise step gives is a *root*; what becomes of it, and of all
rows made of it on the way to the next set-wise step, belongs to that root. Roots have one order: those of the steps
that come first, and of steps side by side the first of each, then the second of each. A rule is told of roots in this
order, each when it and all before it are settled, so what it decides does not depend on who was first, and neither does
what is left of the run: the rows of the roots up to there.

For runs with a rule alone; others know nothing of roots.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import field
from typing import TypeVar

from atk_interp.kinds.base import Dropped, SetStep, SourceStep
from atk_interp.plan import Plan
from atk_interp.records import dataclass
from atk_interp.runtime.rules import Rules

__all__ = ["Place", "Prefix", "Verdict"]

T = TypeVar("T")

Place = tuple[int, int]
"""A root: the number of the step that gave it, and which of its rows it is."""

_here: ContextVar[Place] = ContextVar("atk-root")
"""The root whose rows are worked on in this thread or task."""


@dataclass(frozen=True)
class Verdict:
    """Where a run was stopped, and why. With `within` the root itself belongs to what is left of it."""

    place: Place
    within: bool
    reason: Exception


@dataclass
class _Roots:
    """The roots of one step that emits. `generation` is 0 for those that wait for none other."""

    number: int
    generation: int
    watched: bool
    given: int = 0
    ended: bool = False
    under_way: dict[int, int] = field(default_factory=dict)
    """How much of each root is not settled: 1 for the thread that makes it, 1 for each row that asks."""
    outcomes: dict[int, dict[tuple[int, str, tuple[int, ...]], Dropped | None]] = field(default_factory=dict)
    """What became of the rows of each root in the steps that have rules, by the place of the step and of the row."""
    blocked: dict[int, Exception] = field(default_factory=dict)
    """Roots that cannot go on, and why."""

    def __post_init__(self) -> None:
        self.ancestors: frozenset[int] = frozenset()


class Prefix:
    """Follows the roots of a run, and calls `stop` once when a rule says so. Safe for several threads.

    `everything` has all roots followed, also those that no rule is about: whoever may `block` one asks for it.
    """

    def __init__(self, plan: Plan, everything: bool = False) -> None:
        self.rules = Rules(plan)
        self.stop: Callable[[Exception], None] = lambda reason: None
        self.verdict: Verdict | None = None
        self._lock = threading.Lock()
        emitting = [name for name, step in plan.steps.items() if step.waits or _makes_rows(step.runner)]
        watched = set(emitting) if everything or plan.extent.strict else _watched(plan, emitting, self.rules.places)
        self._roots: dict[str, _Roots] = {}
        for number, name in enumerate(emitting):
            before = [self._roots[other] for other in plan.ancestors(name) if other in self._roots]
            generation = 1 + max((other.generation for other in before), default=-1)
            roots = self._roots[name] = _Roots(number, generation, name in watched)
            roots.ancestors = frozenset(other.number for other in before)
        self._numbered = list(self._roots.values())
        self._rounds = _rounds([roots for roots in self._numbered if roots.watched])
        self._at, self._root = 0, 0
        """The generation, and the root of each of its steps, that is decided next."""

    @staticmethod
    def of(plan: Plan, everything: bool = False) -> Prefix | None:
        """For a plan that has a rule, or where everything is to be followed; else none."""
        ruled = plan.extent.strict or any(step.stops is not None for step in plan.steps.values())
        return Prefix(plan, everything) if ruled or everything else None

    # -- where the work stands ------------------------------------------------------------------------------------

    def roots(self, step: str, rows: Iterable[T]) -> Iterator[T]:
        """The rows that a step gives, each the beginning of a root that lasts until the next one is asked for."""
        roots, waiting = self._roots[step], iter(rows)
        while True:
            with self._lock:
                place = (roots.number, roots.given)
                roots.given += 1
                roots.under_way[place[1]] = 1
            _here.set(place)
            try:
                row = next(waiting)
            except StopIteration:
                self.close(place)
                return
            yield row
            self.close(place)

    @staticmethod
    def here() -> Place:
        """The root that is worked on."""
        return _here.get((0, 0))

    @staticmethod
    def enter(place: Place) -> None:
        """Work on a root from now on, in this thread or task."""
        _here.set(place)

    def open(self, place: Place) -> None:
        """A row of a root asks: the root is not settled before it has been closed."""
        with self._lock:
            self._numbered[place[0]].under_way[place[1]] += 1

    def close(self, place: Place) -> None:
        """A part of a root is settled."""
        roots = self._numbered[place[0]]
        with self._lock:
            roots.under_way[place[1]] -= 1
            if not roots.under_way[place[1]]:
                del roots.under_way[place[1]]
                self._decide()

    def block(self, place: Place, reason: Exception) -> None:
        """A root cannot go on: when all before it are settled, the run stops in front of it."""
        with self._lock:
            self._numbered[place[0]].blocked.setdefault(place[1], reason)
            self._decide()

    def ended(self, step: str) -> None:
        """A step gives no more rows."""
        with self._lock:
            self._roots[step].ended = True
            self._decide()

    # -- what becomes of rows -------------------------------------------------------------------------------------

    def dropped(self, step: str, dropped: Dropped) -> None:
        """A row of the root that is worked on goes no further, or goes on although it was rejected."""
        at = self.rules.places.get(step)
        if at is not None:
            self._note((at, step, dropped.row.order), dropped)

    def passed(self, step: str, order: tuple[int, ...]) -> None:
        """A row of the root that is worked on is through a step."""
        at = self.rules.places.get(step)
        if at is not None:
            self._note((at, step, order), None)

    def _note(self, key: tuple[int, str, tuple[int, ...]], dropped: Dropped | None) -> None:
        emitter, root = self.here()
        with self._lock:
            known = self._numbered[emitter].outcomes.setdefault(root, {})
            known[key] = dropped or known.get(key)  # a row that is kept is both

    # -- decisions ------------------------------------------------------------------------------------------------

    def keeps(self, place: Place) -> bool:
        """Whether what was made of a root belongs to what is left of the run."""
        if self.verdict is None:
            return True
        end = self._numbered[self.verdict.place[0]]
        roots = self._numbered[place[0]]
        if not roots.watched:
            return roots.number in end.ancestors
        mine = (roots.generation, place[1], roots.number)
        last = (end.generation, self.verdict.place[1], end.number)
        return mine < last or (mine == last and self.verdict.within)

    def _decide(self) -> None:
        """Go on with the roots that are settled, in their order."""
        while self.verdict is None and self._at < len(self._rounds):
            side_by_side = self._rounds[self._at]
            if all(roots.ended and self._root >= roots.given for roots in side_by_side):
                self._at, self._root = self._at + 1, 0
                continue
            for roots in side_by_side:
                if not self._decided(roots):
                    return
            self._root += 1

    def _decided(self, roots: _Roots) -> bool:
        """Whether the next root of a step is decided, now or before; False while it is not settled."""
        root = self._root
        if root in roots.blocked:
            self._stop(Verdict((roots.number, root), False, roots.blocked[root]))
            return False
        if root >= roots.given:
            return roots.ended
        if root in roots.under_way:
            return False
        outcomes = roots.outcomes.pop(root, {})
        for key in sorted(outcomes):
            reason = self.rules.judge(key[1], outcomes[key])
            if reason is not None:
                self._stop(Verdict((roots.number, root), True, reason))
                return False
        return True

    def _stop(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.stop(verdict.reason)


def _makes_rows(runner: object) -> bool:
    return isinstance(runner, SourceStep | SetStep)


def _watched(plan: Plan, emitting: Sequence[str], ruled: Mapping[str, int]) -> set[str]:
    """The steps that emit the rows which come to steps with rules."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(ruled)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in emitting:
            found.add(name)
        else:
            waiting += plan.steps[name].upstream
    return found


def _rounds(watched: Sequence[_Roots]) -> list[list[_Roots]]:
    """The steps by their generations."""
    return [
        [roots for roots in watched if roots.generation == generation]
        for generation in sorted({roots.generation for roots in watched})
    ]
