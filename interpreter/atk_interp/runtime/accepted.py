"""The accepted calls of a step on their way into an output: each waits until the rows made with it leave the step."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Sequence

from atk_interp.formats.writers.base import RecordError
from atk_interp.kinds.base import AcceptedCall
from atk_interp.plan import Plan, PlannedOutput
from atk_interp.records import dataclass
from atk_interp.runtime.lineage import Lineage
from atk_interp.values import Row

__all__ = ["AcceptedCalls", "Settled"]

_LENGTH = struct.Struct(">I")


@dataclass(slots=True)
class _Waiting:
    """A call of a step, of whose rows `left` have not left it yet, and none was taken so far."""

    step: str
    call: AcceptedCall
    left: int
    open: bool = True


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a call: its place and `record`, no record where `where` took none of its rows, or an `error`."""

    order: tuple[int, ...]
    record: bytes | None
    error: str = ""


class AcceptedCalls:
    """The calls of one output. A reply of which several rows were made is written once, with the first that counts.

    In memory are the calls of rows that are under way. Calls come from the event loop, rows from any thread.
    """

    def __init__(self, plan: Plan, output: PlannedOutput) -> None:
        assert output.call is not None
        self._make = output.call
        self._places = {name: number for number, name in enumerate(output.asked)}
        self.lineage = Lineage(plan, output.asked, output.reached) if output.reached else None
        self.count = 0
        """How many have come."""
        self._waiting: dict[tuple[str, tuple[int, ...]], list[_Waiting]] = {}
        """By the step and the place of a row that is about to leave it."""
        self._lock = threading.Lock()

    def accepted(self, step: str, call: AcceptedCall) -> None:
        """Rows are about to leave a step with what was read from a reply."""
        waiting = _Waiting(step, call, len(call.rows))
        with self._lock:
            self.count += 1
            for row in call.rows:
                self._waiting.setdefault((step, row.order), []).append(waiting)

    def row(self, step: str, row: Row) -> Iterator[Settled]:
        """A row has left a step: the calls that are settled by that."""
        with self._lock:
            calls = self._waiting.pop((step, row.order), ())
        for waiting in calls:
            waiting.left -= 1
            if waiting.open:
                settled = self._settled(row, waiting)
                waiting.open = settled is None
                if settled is not None:
                    yield settled

    def _settled(self, row: Row, waiting: _Waiting) -> Settled | None:
        call = waiting.call
        place = (self._places[waiting.step],) if len(self._places) > 1 else ()
        order = (*place, *call.rows[0].order, call.sample)
        try:
            record = self._make(waiting.step, row, call)
        except RecordError as error:
            return Settled(order, None, str(error))
        if record is None and waiting.left:
            return None
        return Settled(order, self._marked(waiting.step, call.rows, record))

    def _marked(self, step: str, rows: Sequence[Row], record: bytes | None) -> bytes | None:
        """The record, with its step and the ids of its rows in front where it may depend on what becomes of them."""
        if record is None or self.lineage is None:
            return record
        ids = " ".join([step, *(row.id for row in rows)]).encode()
        return _LENGTH.pack(len(ids)) + ids + record

    def unmarked(self, record: bytes) -> bytes | None:
        """The record itself; None when its rows have not come far enough. When all have been told of.

        What no row goes on with, but a value that all use, has come far enough.
        """
        if self.lineage is None:
            return record
        (length,) = _LENGTH.unpack_from(record)
        end = _LENGTH.size + length
        step, *ids = record[_LENGTH.size : end].decode().split(" ")
        return record[end:] if step not in self.lineage.way or self.lineage.any_came(step, ids) else None

    def close(self) -> None:
        if self.lineage is not None:
            self.lineage.close()
