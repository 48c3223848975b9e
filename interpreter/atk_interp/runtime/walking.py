"""Taking rows through the steps that need no model. Runs in threads, never in the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from atk_interp.kinds.base import Beside, CallStep, Dropped, PureStep, RowFailed, SetStep, StepStopped
from atk_interp.plan import MOST_ROUNDS, Loop, Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.barrier import ADMITTED, Waiting
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Halted
from atk_interp.values import Row, Value, row_id

__all__ = ["Sinks", "Walker"]

Ask = Callable[[PlannedStep, Row], None]
"""Takes a row that wants to ask a model."""

_Following = tuple[PlannedStep, Iterator[Row]]
"""A step, and rows that leave it."""


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
    """Takes rows as far as they go without a model: to a step that asks, to one that waits for all rows, to the end.

    `values` gets what the single row of a `once` step holds. Safe for several threads. Raises `Halted` between two rows
    once `stop` is set.
    """

    def __init__(self, plan: Plan, books: Books, sinks: Sinks, waiting: Waiting, stop: threading.Event) -> None:
        self._books = books
        self._sinks = sinks
        self._waiting = waiting
        self._stop = stop
        self.values: dict[str, Mapping[str, Value]] = {}
        self._steps = plan.steps
        self._edges = {name: _edges(plan, name) for name in plan.steps}

    def walk(self, step: PlannedStep, rows: Iterable[Row | Dropped | Beside], ask: Ask) -> None:
        """Take on rows that leave a step. Depth first: a row goes as far as it can before the next one is made."""
        stack: list[tuple[PlannedStep, Iterator[Row | Dropped | Beside]]] = [(step, iter(rows))]
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
            if isinstance(row, Beside):
                self._books.beside(left.name, row)
                continue
            if left.single:
                self.values[left.name] = row.fields
            self._books.out(left.name)
            self._sinks.row(left, row)
            for edge in reversed(self._edges[left.name]):
                following = self._enter(edge, row, ask)
                if following is not None:
                    stack.append(following)

    def answered(self, step: PlannedStep, row: Row, result: Iterable[Row] | Dropped, ask: Ask) -> None:
        """Take on what a step has made of a row by asking."""
        if isinstance(result, Dropped):
            self._drop(step, result)
        else:
            self.walk(step, self._counted(step, row, result), ask)

    def begin(self, step: PlannedStep, row: Row, ask: Ask) -> None:
        """Take on a row that has waited in front of a step until this may begin."""
        following = self._admit(step, row, ask)
        if following is not None:
            self.walk(*following, ask)

    def _enter(self, edge: _Edge, row: Row, ask: Ask) -> _Following | None:
        step = edge.step
        if edge.key == _AGAIN:
            return self._ended_round(step, row, ask)
        if step.takes is not None and not step.takes(row):
            self._books.elsewhere(step.name)
            return None
        self._books.entered(step.name)
        row = _placed(row, edge.number)
        if edge.key != "from" or step.waits:
            self._waiting.put(step.name, edge.key, row)
            return None
        return self._admit(step, row, ask)

    def _admit(self, step: PlannedStep, row: Row, ask: Ask) -> _Following | None:
        """The rows that come of one that has reached a step; None when that takes a model or all rows."""
        try:
            wanted = step.when is None or step.when(step.names(row))
        except RowFailed as error:
            self._drop(step, Dropped(row, "rejected", str(error)))
            return None
        if not wanted:
            self._books.skipped(step.name)
            if step.passed_by:
                return self._enter(_Edge(self._steps[step.passed_by], "from", None), _put_after(row), ask)
            reordered = isinstance(step.runner, SetStep) and step.runner.reorders
            return step, iter((_put_after(row) if reordered else row,))
        runner = step.runner
        if isinstance(runner, Loop):
            return self._next_round(runner, row, 1, ask)
        if isinstance(runner, PureStep):
            result = runner.apply(row)
            if isinstance(result, Dropped):
                self._drop(step, result)
                return None
            return step, self._counted(step, row, result)
        if isinstance(runner, CallStep):
            ask(step, row)
        else:
            self._waiting.put(step.name, ADMITTED, row)
        return None

    def _next_round(self, loop: Loop, row: Row, number: int, ask: Ask) -> _Following | None:
        before = row.order if number == 1 else row.order[:-1]
        again = Row(row.id, row.source, (*before, number), row.fields, row.parent)
        return self._enter(_Edge(self._steps[loop.first], "from", None), again, ask)

    def _ended_round(self, step: PlannedStep, row: Row, ask: Ask) -> _Following | None:
        """A row has come to the end of a round: it leaves the loop, or begins the next round."""
        loop = step.runner
        assert isinstance(loop, Loop)
        number, left = row.order[-1], Row(row.id, row.source, row.order[:-1], row.fields, row.parent)
        try:
            ended = loop.until(row)
        except RowFailed as error:
            self._drop(step, Dropped(left, "rejected", str(error)))
            return None
        exhausted = number >= (loop.max_rounds or MOST_ROUNDS)
        if not ended and not exhausted:
            return self._next_round(loop, row, number + 1, ask)
        if not ended and loop.max_rounds is None:
            raise StepStopped(
                f"step `{step.name}` has gone {number} rounds with row {row.id}, and its `until` is still false",
                help="write `max_rounds:`",
            )
        if not ended and loop.exhausted != "keep":
            outcome = "filtered" if loop.exhausted == "drop" else "rejected"
            self._drop(step, Dropped(left, outcome, loop.label))
            return None
        self._books.passed(step.name)
        return step, iter((left,))

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
        while step.inside:  # the row is lost to the loop as well; it is recorded once
            step = self._steps[step.inside]
            self._books.dropped(step.name, dropped)


_AGAIN = "again"
"""The key of the edge from the last step of a loop back to it."""


@dataclass(frozen=True, slots=True)
class _Edge:
    """Where the rows of a step go: the step that takes them, under which key, and which of several it is."""

    step: PlannedStep
    key: str
    number: int | None


def _edges(plan: Plan, name: str) -> list[_Edge]:
    """The edges that leave a step."""
    edges: list[_Edge] = []
    for step in plan.steps.values():
        if isinstance(step.runner, Loop) and step.runner.last == name:
            edges.append(_Edge(step, _AGAIN, None))
        for key, sources in {"from": step.inputs, **step.others}.items():
            several = len(sources) > 1 or bool(step.passes)
            edges += [_Edge(step, key, at if several else None) for at, source in enumerate(sources) if source == name]
    return edges


def _put_after(row: Row) -> Row:
    return Row(row.id, row.source, (1, *row.order), row.fields, row.parent)


def _placed(row: Row, edge: int | None) -> Row:
    """A row as it enters a step with several inputs: one input after the other, and ids that stay apart."""
    if edge is None:
        return row
    made = row.id if edge == 0 else row_id(row.id, ["from", edge])
    return Row(made, row.source, (edge, *row.order), row.fields, row.parent)
