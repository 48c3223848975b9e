"""Taking rows through the steps that need no model. Runs in threads, never in the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from atk_interp.kinds.base import CallStep, Dropped, PureStep, RowFailed
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Halted
from atk_interp.runtime.spool import Spool
from atk_interp.values import Row, decode, encode, row_id

__all__ = ["Gathered", "Sinks", "Walker"]

Ask = Callable[[PlannedStep, Row], None]
"""Takes a row that wants to ask a model."""


@dataclass
class Sinks:
    """Where rows end up. `row` and `dropped` are called from several threads, `changed` from the loop."""

    row: Callable[[PlannedStep, Row], None]
    """A row has left a step."""
    dropped: Callable[[PlannedStep, Dropped], None]
    """A row goes no further."""
    changed: Callable[[], None]
    """Something was counted: progress may be told."""


class Walker:
    """Takes rows as far as they go without a model: to a step that asks, to the spool of a set-wise step, to the end.

    Safe for several threads. Raises `Halted` between two rows once `stop` is set.
    """

    def __init__(
        self, plan: Plan, books: Books, sinks: Sinks, spools: Mapping[str, Spool], stop: threading.Event
    ) -> None:
        self._books = books
        self._sinks = sinks
        self._spools = spools
        self._stop = stop
        self._consumers = {name: _edges(plan, name) for name in plan.steps}

    def walk(self, step: PlannedStep, rows: Iterable[Row | Dropped], ask: Ask) -> None:
        """Take on rows that leave a step. Depth first: a row goes as far as it can before the next one is made."""
        stack: list[tuple[PlannedStep, Iterator[Row | Dropped]]] = [(step, iter(rows))]
        while stack:
            if self._stop.is_set():
                raise Halted
            left, waiting = stack[-1]
            row = next(waiting, None)
            if row is None:
                stack.pop()
                continue
            if isinstance(row, Dropped):
                self._drop(left, row)
                continue
            self._books.out(left.name)
            self._sinks.row(left, row)
            for consumer, edge in reversed(self._consumers[left.name]):
                following = self._enter(consumer, _placed(row, edge), ask)
                if following is not None:
                    stack.append((consumer, following))

    def answered(self, step: PlannedStep, row: Row, result: Iterable[Row] | Dropped, ask: Ask) -> None:
        """Take on what a step has made of a row by asking."""
        if isinstance(result, Dropped):
            self._drop(step, result)
        else:
            self.walk(step, self._counted(step, row, result), ask)

    def _enter(self, step: PlannedStep, row: Row, ask: Ask) -> Iterator[Row] | None:
        self._books.entered(step.name)
        try:
            wanted = step.when is None or step.when(step.names(row))
        except RowFailed as error:
            self._drop(step, Dropped(row, "rejected", str(error)))
            return None
        if not wanted:
            self._books.skipped(step.name)
            return iter((row,))
        runner = step.runner
        if isinstance(runner, PureStep):
            result = runner.apply(row)
            if isinstance(result, Dropped):
                self._drop(step, result)
                return None
            return self._counted(step, row, result)
        if isinstance(runner, CallStep):
            ask(step, row)
        else:
            self._spools[step.name].put(row.order, encode([row.id, row.source, row.order, row.fields, row.parent]))
        return None

    def _counted(self, step: PlannedStep, row: Row, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that were made of one; none at all is a loss that must stand in the books."""
        any_came = False
        lost = Dropped(row, "filtered", "nothing came out of it")
        try:
            for made in rows:
                if not any_came:
                    any_came = True
                    self._books.passed(step.name)
                yield made
        except RowFailed as error:
            lost = Dropped(row, "rejected", str(error))
            if any_came:  # the row is counted with those that it has made; what is missing is a part of it
                self._books.refused(step.name)
                self._sinks.dropped(step, lost)
        if not any_came:
            self._drop(step, lost)

    def _drop(self, step: PlannedStep, dropped: Dropped) -> None:
        self._books.dropped(step.name, dropped)
        self._sinks.dropped(step, dropped)


class Gathered(Iterator[Row]):
    """The rows that wait for a set-wise step, in canonical order. `handed` counts those that were read."""

    def __init__(self, spool: Spool) -> None:
        self._waiting = spool.read()
        self.handed = 0

    def __next__(self) -> Row:
        parts: Any = decode(next(self._waiting))
        self.handed += 1
        id_, source, order, fields, parent = parts
        return Row(id_, source, tuple(order), fields, parent)


def _edges(plan: Plan, name: str) -> list[tuple[PlannedStep, int | None]]:
    """The steps that take a step's rows, each with the number of the edge where there are several."""
    edges: list[tuple[PlannedStep, int | None]] = []
    for step in plan.steps.values():
        for number, source in enumerate(step.inputs):
            if source == name:
                edges.append((step, number if len(step.inputs) > 1 else None))
    return edges


def _placed(row: Row, edge: int | None) -> Row:
    """A row as it enters a step with several inputs: one input after the other, and ids that stay apart."""
    if edge is None:
        return row
    made = row.id if edge == 0 else row_id(row.id, ["from", edge])
    return Row(made, row.source, (edge, *row.order), row.fields, row.parent)
