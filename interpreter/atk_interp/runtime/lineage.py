"""Which rows of some steps have come, themselves or as rows made of them, out of a later one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Sequence

from atk_interp.ledger.bulk import Insert
from atk_interp.plan import Plan, PlannedStep, coming, has_several_ways_in, on_the_way
from atk_interp.runtime.spool import told
from atk_interp.values import Row, row_id

__all__ = ["Lineage"]

_BATCH = 512
_EDGE = Insert("edge (made, was, older)", columns=3)
_END = Insert("came (node, number, root)", columns=3)
_CLOSURE = """
INSERT INTO reached
WITH RECURSIVE up (node) AS (
    SELECT node FROM came WHERE keeps(number, root)
    UNION
    SELECT CASE WHEN EXISTS (SELECT 1 FROM edge known WHERE known.made = edge.was) THEN edge.was ELSE edge.older END
    FROM edge JOIN up ON edge.made = up.node
)
SELECT node FROM up WHERE node IS NOT NULL
"""


class Lineage:
    """Follows rows from the steps `firsts` to the step `last`. Tell it of them, then ask, then close it.

    What is followed is a row as it left a step, or as it came into one that has several inputs: the same row may go
    two ways, and come out of one of them. It keeps its id where a step leaves it as it is, else it knows the row that
    it was made of, or is told to be made of several. On disk when there are many. Several threads may tell. Raises
    `CannotWrite` when the disk of temporary files is full.
    """

    def __init__(self, plan: Plan, firsts: Collection[str], last: str) -> None:
        self._last = last
        self.way = on_the_way(plan, firsts, last)
        """The steps through which rows of these steps come to the last one."""
        numbers = {name: number for number, name in enumerate(plan.steps)}
        self._left = {name: f"{numbers[name]}:" for name in plan.steps}
        """What stands before the id of a row that has left a step, and what before one that has come into it."""
        entered = {name: f"{numbers[name]}<" for name in plan.steps}
        self._sources = {
            name: [
                entered[each.name] if each.entered else self._left[each.name]
                for each in coming(plan, plan.steps[name])
                if each.entered or each.name in self.way
            ]
            for name in self.way
        }
        self._entering: dict[str, list[tuple[str, int]]] = {}
        """The steps with several inputs that take the rows of a step, and its places among these."""
        for name in {each.name for known in self.way for each in coming(plan, plan.steps[known]) if each.entered}:
            assert has_several_ways_in(plan.steps[name])
            for at, source in enumerate(plan.steps[name].inputs):
                self._entering.setdefault(source, []).append((entered[name], at))
        self._edges: list[tuple[str, str | None, str | None]] = []
        self._ends: list[tuple[str, int, int]] = []
        self._lock = threading.Lock()
        self._resolved = False
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "CREATE TABLE edge (made TEXT, was TEXT, older TEXT)",
            "CREATE TABLE came (node TEXT, number INTEGER, root INTEGER)",
            "CREATE TABLE reached (node TEXT PRIMARY KEY) WITHOUT ROWID",
        ):
            self._database.execute(statement)

    def row(self, step: PlannedStep, row: Row, place: tuple[int, int]) -> None:
        """A row has left a step; `place` is the root that it belongs to."""
        if step.name not in self.way:
            return
        node = self._left[step.name] + row.id
        edges: list[tuple[str, str | None, str | None]] = [
            (into + (row_id(row.id, ["from", at]) if at else row.id), node, None)
            for into, at in self._entering.get(step.name, ())
        ]
        for source in self._sources[step.name]:
            edges.append((node, source + row.id, source + row.parent if row.parent is not None else None))
        if not self._sources[step.name]:
            edges.append((node, None, None))
        with self._lock:
            self._edges += edges
            if step.name == self._last:
                self._ends.append((node, *place))
            self._flush(_BATCH)

    def merged(self, step: PlannedStep, row: Row, members: Iterable[str]) -> None:
        """A row of a step was made of several."""
        if step.name in self.way:
            node, sources = self._left[step.name] + row.id, self._sources[step.name]
            with self._lock:
                self._edges += [(node, source + member, None) for source in sources for member in members]
                self._flush(_BATCH)

    def _flush(self, least: int) -> None:
        for insert, waiting in ((_EDGE, self._edges), (_END, self._ends)):
            if len(waiting) >= least and waiting:
                self._insert(insert, waiting)

    def _insert(
        self, insert: Insert, waiting: list[tuple[str, str | None, str | None]] | list[tuple[str, int, int]]
    ) -> None:
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

    def any_came(self, step: str, ids: Sequence[str]) -> bool:
        """Whether one of some rows that have left a step has come out of the last one. After `resolve`."""
        with self._lock, told():
            asked = "SELECT 1 FROM reached WHERE node = ?"
            nodes = (self._left[step] + id_ for id_ in ids)
            return any(self._database.execute(asked, (node,)).fetchone() is not None for node in nodes)

    def close(self) -> None:
        with self._lock:
            self._database.close()
