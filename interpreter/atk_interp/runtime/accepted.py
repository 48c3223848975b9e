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
    """A call, of whose rows `left` have not left the step yet, and none was taken so far."""

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
        self.lineage = Lineage(plan, output.source, output.reached) if output.reached else None
        self.count = 0
        """How many have come."""
        self._waiting: dict[tuple[int, ...], list[_Waiting]] = {}
        self._lock = threading.Lock()

    def accepted(self, call: AcceptedCall) -> None:
        """Rows are about to leave the step with what was read from a reply."""
        waiting = _Waiting(call, len(call.rows))
        with self._lock:
            self.count += 1
            for row in call.rows:
                self._waiting.setdefault(row.order, []).append(waiting)

    def row(self, row: Row) -> Iterator[Settled]:
        """A row has left the step: the calls that are settled by that."""
        with self._lock:
            calls = self._waiting.pop(row.order, ())
        for waiting in calls:
            waiting.left -= 1
            if waiting.open:
                settled = self._settled(row, waiting)
                waiting.open = settled is None
                if settled is not None:
                    yield settled

    def _settled(self, row: Row, waiting: _Waiting) -> Settled | None:
        call = waiting.call
        order = (*call.rows[0].order, call.sample)
        try:
            record = self._make(row, call)
        except RecordError as error:
            return Settled(order, None, str(error))
        if record is None and waiting.left:
            return None
        return Settled(order, self._marked(call.rows, record))

    def _marked(self, rows: Sequence[Row], record: bytes | None) -> bytes | None:
        """The record, with the ids of its rows in front where it depends on what becomes of them."""
        if record is None or self.lineage is None:
            return record
        ids = " ".join(row.id for row in rows).encode()
        return _LENGTH.pack(len(ids)) + ids + record

    def unmarked(self, record: bytes) -> bytes | None:
        """The record itself; None when its rows have not come far enough. When all have been told of."""
        if self.lineage is None:
            return record
        (length,) = _LENGTH.unpack_from(record)
        end = _LENGTH.size + length
        ids = record[_LENGTH.size : end].decode().split(" ")
        return record[end:] if self.lineage.any_came(ids) else None

    def close(self) -> None:
        if self.lineage is not None:
            self.lineage.close()
