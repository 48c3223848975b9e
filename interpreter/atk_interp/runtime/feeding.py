"""Making the rows of the steps that emit: sources, steps that wait for a value, steps that need all rows at once."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from atk_interp.kinds.base import Dropped, SetStep, SourceStep, StepContext, StepStopped
from atk_interp.plan import Goal, PlannedStep
from atk_interp.plan.goals import batch
from atk_interp.runtime.barrier import ADMITTED, SetRoom, Waiting
from atk_interp.runtime.books import Books
from atk_interp.runtime.goals import Accepted, Counted
from atk_interp.runtime.prefix import Prefix
from atk_interp.runtime.walking import Ask, Walker
from atk_interp.values import Row, root_id

__all__ = ["Feeder"]

T = TypeVar("T")


class Feeder:
    """Makes the rows of one step after the other, each when all that it waits for is there. Runs in threads."""

    def __init__(
        self,
        books: Books,
        walker: Walker,
        waiting: Waiting,
        contexts: Mapping[str, StepContext],
        prefix: Prefix | None = None,
        accepted: Accepted | None = None,
    ) -> None:
        self._books = books
        self._walker = walker
        self._waiting = waiting
        self._contexts = contexts
        self._prefix = prefix
        self._accepted = accepted
        self.loop: asyncio.AbstractEventLoop | None = None
        """Where what a set-wise step asks for is asked; to be set before any rows are made."""

    def feed(self, step: PlannedStep, ask: Ask, settled: Callable[[], bool]) -> None:
        """Make the rows of a step, and take each as far as it goes without a model.

        `settled` waits until what was made of all of them so far is settled, and says whether none was lost. Raises
        `StepStopped` when a value that the step uses is not there, and what its rows raise.
        """
        if step.goal is not None and isinstance(step.runner, SourceStep):
            self._feed_enough(step, step.runner, step.goal, ask, settled)
        else:
            self._feed(step, ask)
        if self._prefix is not None:
            self._prefix.ended(step.name)

    def _feed_enough(
        self, step: PlannedStep, source: SourceStep, goal: Goal, ask: Ask, settled: Callable[[], bool]
    ) -> None:
        """Give some rows at a time, until enough have come through: how many follows from the counts alone."""
        assert self._accepted is not None
        rows = source.rows(self._contexts[step.name])
        given = accepted = 0
        while size := batch(goal, given, accepted):
            came = Counted(itertools.islice(rows, size))
            self._walker.walk(step, self._rooted(step, came), ask)
            if not settled():
                return
            given, before, accepted = given + came.count, accepted, self._accepted.counts[step.name]
            if accepted >= goal.rows or (goal.only_once and accepted == before):
                return
            if came.count < size:
                raise StepStopped(
                    f"step `{step.name}` has given all of its {given} rows, and {accepted} of the {goal.rows} that are "
                    f"wanted have come through step `{goal.step}`",
                    help="ask for fewer, give it more to take from, or read `rejected.jsonl` for what others lacked",
                )

    def _feed(self, step: PlannedStep, ask: Ask) -> None:
        if isinstance(step.runner, SourceStep):
            made = step.runner.rows(self._contexts[step.name])
            self._walker.walk(step, self._rooted(step, self._taken(step, made) if step.runner.takes else made), ask)
            return
        if step.waits:
            self._learn(step)
            rows = self._single(step) if step.single else self._waiting.rows(step.name, "from")
            for row in self._rooted(step, rows):
                self._walker.begin(step, row, ask)
        if isinstance(step.runner, SetStep):
            self._set(step, step.runner, ask)

    def _taken(self, step: PlannedStep, rows: Iterable[Row | Dropped]) -> Iterator[Row | Dropped]:
        """Rows of a caller on their way into a step, which rejects those that are not as it declares them."""
        for row in rows:
            self._books.entered(step.name)
            if isinstance(row, Row):
                self._books.passed(step.name)
            yield row

    def _rooted(self, step: PlannedStep, rows: Iterable[T]) -> Iterable[T]:
        """The rows that a step gives, followed in a run that decides something in their order."""
        return rows if self._prefix is None else self._prefix.roots(step.name, rows)

    def _set(self, step: PlannedStep, runner: SetStep, ask: Ask) -> None:
        before = self._books.steps[step.name].settled
        rows = self._waiting.rows(step.name, ADMITTED)
        assert self.loop is not None
        with contextlib.closing(SetRoom(self._contexts[step.name], step, self._waiting, self.loop)) as room:
            self._walker.walk(step, self._rooted(step, runner.apply(rows, room)), ask)
            collections.deque(rows, maxlen=0)  # those that the step had no need to look at are left out by it, too
            self._books.settled_set(step.name, runner.loses, rows.handed + room.handed, before)

    def _learn(self, step: PlannedStep) -> None:
        """Give a step the values that it uses. Raises `StepStopped` when one of them is not there."""
        for name in step.uses:
            if name not in self._walker.values:
                raise StepStopped(
                    f"step `{name}` has no value, and step `{step.name}` uses it",
                    help="read `rejected.jsonl` for the reason",
                )
            assert step.learn is not None
            step.learn(name, self._walker.values[name])

    def _single(self, step: PlannedStep) -> list[Row]:
        """The one row of a `once` step: the one that it takes, or an empty one. Raises `StepStopped` for several."""
        if not step.inputs:
            self._books.entered(step.name)
            return [Row(root_id({}, 0), step.kind, (0,))]
        rows = list(itertools.islice(self._waiting.rows(step.name, "from"), 2))
        if len(rows) > 1:
            count = self._books.steps[step.name].rows_in
            raise StepStopped(
                f"step `{step.name}` takes one row, and {count} have come",
                help="bring them together with `group` first",
            )
        return rows
