"""The rows that want to ask a model, by the step that they came from, and which of these steps are through."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import field

from atk_interp.kinds.base import SetStep, SourceStep
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.handover import Handover
from atk_interp.runtime.prefix import Place
from atk_interp.values import Row

__all__ = ["Emitter", "Item", "UnderWay", "emits"]


@dataclass
class Emitter:
    """A source or set-wise step and the rows that come from it and are still under way.

    `live` rows have been taken from `waiting` and are not settled yet; those in `later` are among them. Touched by
    the loop alone, except for `waiting`.
    """

    step: PlannedStep
    waiting: Handover[Item]
    after: list[Emitter] = field(default_factory=list)
    live: int = 0
    fed: bool = False
    later: list[Item] = field(default_factory=list)
    """Rows that failed on transport: they ask once more when all else is through."""
    round: Future[bool] | None = None
    """Who waits until the rows that it has given so far are settled, to give more of them."""
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Item:
    """A row that wants to ask a model; `again` when it failed on transport before."""

    step: PlannedStep
    row: Row
    emitter: Emitter
    place: Place | None = None
    """The root that it belongs to, in a run that follows them."""
    again: bool = False


def emits(plan: Plan, name: str) -> bool:
    """Whether rows begin their way at a step: a source, one that needs all rows at once, one that waits for a value."""
    step = plan.steps[name]
    return step.waits or isinstance(step.runner, SourceStep | SetStep)


class UnderWay:
    """What waits and what is settled. All but `Emitter.waiting` is for the loop alone.

    `wake` is called when there is something new to do; `through` when nothing that came from a step is under way any
    more. `intact` says whether no row was lost so far.
    """

    def __init__(
        self,
        plan: Plan,
        room: int,
        stop: threading.Event,
        wake: Callable[[], None],
        wake_soon: Callable[[], None],
        through: Callable[[Emitter], None],
        intact: Callable[[], bool],
    ) -> None:
        self._wake = wake
        self._through = through
        self._intact = intact
        self._heap: list[tuple[tuple[int, ...], int, Item]] = []
        self._numbers = itertools.count()
        found: dict[str, Emitter] = {}
        for name, step in plan.steps.items():
            if emits(plan, name):
                before = [found[origin] for origin in plan.ancestors(name) if origin in found]
                found[name] = Emitter(step, Handover[Item](room, stop, wake_soon), before)
        self.emitters = list(found.values())

    @property
    def is_through(self) -> bool:
        return all(emitter.done.is_set() for emitter in self.emitters)

    def next(self) -> Item | None:
        """The deepest row that waits: rows that are under way before new ones."""
        if self._heap:
            return heapq.heappop(self._heap)[2]
        for emitter in self.emitters:
            item = emitter.waiting.take()
            if item is not None:
                emitter.live += 1
                return item
        return None

    def fed(self, emitter: Emitter) -> None:
        """A step has given all its rows."""
        emitter.fed = True
        self._settle(emitter)
        self._wake()

    def end_round(self, emitter: Emitter, settled: Future[bool]) -> None:
        """A step gives no more rows before those that it has given are settled."""
        emitter.fed, emitter.round = True, settled
        self._settle(emitter)
        self._wake()

    def again(self, item: Item) -> None:
        """A row has failed on transport: it asks once more when all else of its step is through."""
        item.emitter.later.append(item)
        self._settle(item.emitter)

    def lost(self, item: Item) -> None:
        """A row goes no further."""
        item.emitter.live -= 1
        self._settle(item.emitter)

    def answered(self, items: Iterable[Item], found: Iterable[Item]) -> None:
        """Some rows are through a step, and these of what came of them want to ask again."""
        for item in found:
            item.emitter.live += 1
            self._push(item)
        for item in items:
            self.lost(item)

    def _push(self, item: Item) -> None:
        heapq.heappush(self._heap, ((-item.step.depth, *item.row.order), next(self._numbers), item))

    def _settle(self, emitter: Emitter) -> None:
        """Note when nothing that came from an emitter is under way any more."""
        under_way = not emitter.fed or bool(emitter.waiting) or emitter.live > len(emitter.later)
        if under_way or emitter.done.is_set():
            return
        if emitter.later:
            for item in emitter.later:
                item.again = True
                self._push(item)
            emitter.later.clear()
            self._wake()
            return
        if emitter.round is not None:
            emitter.fed, settled, emitter.round = False, emitter.round, None
            settled.set_result(self._intact())
            return
        emitter.done.set()
        self._through(emitter)
