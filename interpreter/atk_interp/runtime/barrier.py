"""What waits in front of a step that needs all of its rows at once, and what such a step may ask for."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from atk_interp.kinds.base import AcceptedCall, Attempt, Dropped, Notice, Scratch, SetStep, StepContext, Turn, UsedUp
from atk_interp.llm.messages import Reply
from atk_interp.llm.vectors import Vector
from atk_interp.plan import Plan, PlannedStep
from atk_interp.runtime.bridge import AT_ONCE, CHUNK, embedded, gathered
from atk_interp.runtime.spool import Spool
from atk_interp.values import Row, decode, encode

T = TypeVar("T")
R = TypeVar("R")

__all__ = ["Gathered", "RowScratch", "SetRoom", "Waiting", "packed", "unpacked"]

ADMITTED = "admitted"


def packed(row: Row) -> bytes:
    """A row as bytes: one line of JSON."""
    return encode([row.id, row.source, row.order, row.fields, row.parent])


def unpacked(data: bytes) -> Row:
    parts: Any = decode(data)
    id_, source, order, fields, parent = parts
    return Row(id_, source, tuple(order), fields, parent)


class Waiting:
    """The rows that wait in front of the steps of a plan, by the step and the key under which it takes them.

    The rows of `from` wait under the key `from` when it is not known yet whether the step wants them (its `when` may
    be about a value that is not there yet), and under `ADMITTED` when it does. Several threads may put; a step reads
    when all of them are there.
    """

    def __init__(self, plan: Plan) -> None:
        self._spools: dict[tuple[str, str], Spool] = {}
        for name, step in plan.steps.items():
            keys = ["from"] if step.waits else []
            keys += [ADMITTED, *step.others] if isinstance(step.runner, SetStep) else []
            for key in keys:
                self._spools[name, key] = Spool()

    def put(self, step: str, key: str, row: Row) -> None:
        self._spools[step, key].put(row.order, packed(row))

    def rows(self, step: str, key: str) -> Gathered:
        return Gathered(self._spools[step, key])

    def close(self) -> None:
        for spool in self._spools.values():
            spool.close()


class Gathered(Iterator[Row]):
    """The rows that wait for a step, in canonical order. `handed` counts those that were read."""

    def __init__(self, spool: Spool) -> None:
        self._waiting = spool.read()
        self.handed = 0

    def __next__(self) -> Row:
        row = unpacked(next(self._waiting))
        self.handed += 1
        return row


class RowScratch:
    """`Scratch` on a spool of its own."""

    def __init__(self) -> None:
        self.spool = Spool()

    def put(self, key: bytes, row: Row) -> None:
        self.spool.put_at(key, packed(row))

    def rows(self) -> Iterator[Row]:
        return map(unpacked, self.spool.read())

    def find(self, key: bytes) -> list[Row]:
        return [unpacked(data) for data in self.spool.find(key)]


class SetRoom:
    """`SetContext`: what the runtime answers to a set-wise step while it runs. Close it when the step is through."""

    def __init__(
        self, context: StepContext, step: PlannedStep, waiting: Waiting, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._context = context
        self._loop = loop
        self._others: Mapping[str, Gathered] = {key: waiting.rows(step.name, key) for key in step.others}
        self._scratches: list[RowScratch] = []

    @property
    def handed(self) -> int:
        """How many rows of other steps were read."""
        return sum(rows.handed for rows in self._others.values())

    def others(self, key: str) -> Iterator[Row]:
        return self._others[key]

    def scratch(self) -> Scratch:
        made = RowScratch()
        self._scratches.append(made)
        return made

    async def call(self, *args: Any, **options: Any) -> Reply:
        return await self._context.call(*args, **options)

    async def embed(
        self, slot: str, texts: Sequence[str], *, query: bool = False, row: Row | None = None
    ) -> list[Vector]:
        return await self._context.embed(slot, texts, query=query, row=row)

    def vectors(self, slot: str, texts: Iterable[str], *, query: bool = False) -> Iterator[Vector]:
        """See `SetContext.vectors`. From the thread of the step."""
        ordered = iter(texts)
        chunks = iter(lambda: list(itertools.islice(ordered, CHUNK)), [])
        context = self._context
        return embedded(self._loop, lambda chunk: context.embed(slot, chunk, query=query), chunks)

    def asked(self, items: Iterable[T], ask: Callable[[T], Coroutine[Any, Any, R]]) -> Iterator[R]:
        """See `SetContext.asked`. From the thread of the step."""
        return gathered(self._loop, ask, iter(items), AT_ONCE)

    def first_sample(self, row: Row) -> int:
        return self._context.first_sample(row)

    def note(self, notice: Notice) -> None:
        self._context.note(notice)

    def refused(self, dropped: Dropped) -> None:
        self._context.refused(dropped)

    def failed(self, row: Row, attempt: Attempt) -> None:
        self._context.failed(row, attempt)

    @property
    def wants_calls(self) -> bool:
        return self._context.wants_calls

    def accepted(self, call: AcceptedCall) -> None:
        self._context.accepted(call)

    def merged(self, row: Row, members: Sequence[str]) -> None:
        self._context.merged(row, members)

    def learned(self, text: str) -> None:
        self._context.learned(text)

    def further(self, used_up: UsedUp, given: int) -> Turn | None:
        return self._context.further(used_up, given)

    def close(self) -> None:
        for scratch in self._scratches:
            scratch.spool.close()
