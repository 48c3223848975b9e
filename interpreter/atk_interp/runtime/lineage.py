"""Which rows of one step have come, themselves or as rows made of them, out of a later one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence

from atk_interp.ledger.bulk import Insert
from atk_interp.plan import Plan, PlannedStep
from atk_interp.runtime.spool import told
from atk_interp.values import Row, row_id

__all__ = ["Lineage"]

_BATCH = 512
_EDGE = Insert("edge (made, was)", columns=2)
_END = Insert("came (id, number, root)", columns=3)
_CLOSURE = """
INSERT INTO reached
WITH RECURSIVE up (id) AS (
    SELECT id FROM came WHERE keeps(number, root) UNION SELECT was FROM edge JOIN up ON edge.made = up.id
)
SELECT id FROM up
"""


class Lineage:
    """Follows rows by their ids from the step `first` to the step `last`. Tell it of them, then ask, then close it.

    A row keeps its id on its way, knows the row that it was made of, or is told to be made of several. On disk when
    there are many. Several threads may tell. Raises `CannotWrite` when the disk of temporary files is full.
    """

    def __init__(self, plan: Plan, first: str, last: str) -> None:
        self._first, self._last = first, last
        self._steps = plan.between(first, last)
        self._renamed: dict[str, list[int]] = {}
        """The places of a step among the inputs of others under which its rows get ids of their own there."""
        for name in self._steps:
            inputs = plan.steps[name].inputs
            for at, source in enumerate(inputs):
                if at and source in self._steps:
                    self._renamed.setdefault(source, []).append(at)
        self._edges: list[tuple[str, str]] = []
        self._ends: list[tuple[str, int, int]] = []
        self._lock = threading.Lock()
        self._resolved = False
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "CREATE TABLE edge (made TEXT, was TEXT)",
            "CREATE TABLE came (id TEXT, number INTEGER, root INTEGER)",
            "CREATE TABLE reached (id TEXT PRIMARY KEY) WITHOUT ROWID",
        ):
            self._database.execute(statement)

    def row(self, step: PlannedStep, row: Row, place: tuple[int, int]) -> None:
        """A row has left a step; `place` is the root that it belongs to."""
        if step.name not in self._steps:
            return
        edges = [(row_id(row.id, ["from", at]), row.id) for at in self._renamed.get(step.name, ())]
        if step.name != self._first and row.parent is not None and row.parent != row.id:
            edges.append((row.id, row.parent))
        with self._lock:
            self._edges += edges
            if step.name == self._last:
                self._ends.append((row.id, *place))
            self._flush(_BATCH)

    def merged(self, step: PlannedStep, row: Row, members: Iterable[str]) -> None:
        """A row of a step was made of several."""
        if step.name in self._steps and step.name != self._first:
            with self._lock:
                self._edges += [(row.id, member) for member in members]
                self._flush(_BATCH)

    def _flush(self, least: int) -> None:
        for insert, waiting in ((_EDGE, self._edges), (_END, self._ends)):
            if len(waiting) >= least and waiting:
                self._insert(insert, waiting)

    def _insert(self, insert: Insert, waiting: list[tuple[str, str]] | list[tuple[str, int, int]]) -> None:
        with told():
            self._database.execute("BEGIN")
            insert.rows(self._database, waiting)
            self._database.execute("COMMIT")
        waiting.clear()

    def resolve(self, keeps: Callable[[tuple[int, int]], bool]) -> None:
        """All have been told: find out which have come out. `keeps` says of which roots they count."""
        with self._lock, told():
            if self._resolved:
                return
            self._resolved = True
            self._flush(1)
            self._database.create_function("keeps", 2, lambda number, root: keeps((number, root)))
            self._database.execute("CREATE INDEX by_made ON edge (made)")
            self._database.execute(_CLOSURE)

    def any_came(self, ids: Sequence[str]) -> bool:
        """Whether one of some rows has come out of the last step. After `resolve`."""
        with self._lock, told():
            asked = "SELECT 1 FROM reached WHERE id = ?"
            return any(self._database.execute(asked, (id_,)).fetchone() is not None for id_ in ids)

    def close(self) -> None:
        with self._lock:
            self._database.close()
