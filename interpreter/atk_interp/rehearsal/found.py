"""Which row an output line was made of: outputs hold no ids, so the rows are brought in order again."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

from atk_interp.formats.writers.base import RecordError
from atk_interp.ledger.base import StoredReply
from atk_interp.plan import Plan, PlannedOutput, PlannedStep
from atk_interp.records import dataclass
from atk_interp.rehearsal.recall import AskedCall
from atk_interp.rehearsal.stage import Witness, leading_to, rehearse
from atk_interp.runtime.barrier import packed, unpacked
from atk_interp.runtime.spool import Spool
from atk_interp.values import Row

__all__ = ["FoundRow", "Unheard", "row_of_line"]


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row as it left a step."""

    step: str
    row: Row


class Unheard:
    """`Heard` by nobody."""

    def found(self, call: AskedCall, reply: StoredReply) -> None:
        """Nobody asks."""

    def missing(self, call: AskedCall) -> None:
        """Nobody asks."""


async def row_of_line(plan: Plan, ledger: Path, output: str, line: int) -> FoundRow | None:
    """The row that a line of an output (from 1) is made of; None when there are not so many. Raises `LedgerError`.

    None for an output of calls, whose lines are not made of one row each.
    """
    planned = plan.outputs[output]
    if planned.call is not None:
        return None
    with contextlib.closing(Spool()) as rows:

        def keep(step: PlannedStep, row: Row) -> None:
            if step.name == planned.source and _is_written(planned, row):
                rows.put(row.order, packed(row))

        await rehearse(leading_to(plan, planned.source), ledger, Unheard(), witness=Witness(row=keep))
        data = next(itertools.islice(rows.read(), line - 1, None), None)
    return None if data is None else FoundRow(planned.source, unpacked(data))


def _is_written(output: PlannedOutput, row: Row) -> bool:
    try:
        return output.record(row) is not None
    except RecordError:
        return False
