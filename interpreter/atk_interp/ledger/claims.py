"""Which process is about to make which call, among all that have one ledger open.

A process that is alone claims its calls in memory, at no cost. One that finds others beside it writes them down, so
that no two pay for the same call:

- Each process has a row in `owners`; `sharing` says that its claims are all in the table `claims`.
- Who comes later waits, before its first call, until every process that was there has written down what it has under
  way. They look for newcomers every tenth of a second.
- A claim goes when the reply is in the ledger, or when the call has failed. Who waits for it then looks into the
  ledger first. A call that is claimed waits for its endpoint and for no other claim, so nobody waits in a circle.
- The claims of a process that has ended without a word are void: at once where it can be seen that it is gone, else
  after `LEASE_S` without a sign of life. To be wrong there costs a call paid twice, and nothing else.

All that stands in a file of its own beside the ledger. It says nothing that matters when no process runs, so it is
not forced to the disk, and may be deleted then.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path

from atk_interp.ledger.base import LedgerError
from atk_interp.ledger.owners import OPEN, Owner, connect_claims, forget, others, translated_claims
from atk_interp.ledger.places import claims_path
from atk_interp.ledger.processes import myself
from atk_interp.ledger.worker import BatchThread
from atk_interp.records import dataclass

__all__ = ["Claims"]

_BEAT_S = 5.0
_WATCH_S = 0.1
_GREETING_PAUSE_S = 0.02
_MOST = 512


class _Mode(Enum):
    NEW = "has not told anybody of itself"
    ALONE = "claims in memory"
    SHARING = "writes its claims down"


class _State(Enum):
    CLAIMED = "the call is made"
    KEPT = "its reply is on its way to the ledger"
    LEFT = "as KEPT, but nobody waits for it any more"


@dataclass(frozen=True, slots=True)
class _Job:
    """A call to claim, or to let go of."""

    key: bytes
    takes: bool


class Claims:
    """The claims of one opening of a ledger. Opening it costs nothing: the first claim creates the file.

    `take` is for event loops; all else may be called from any thread. Raises `LedgerError`.
    """

    def __init__(self, ledger: Path) -> None:
        self._path = claims_path(ledger).resolve()
        self._lock = threading.Lock()
        self._mode = _Mode.NEW
        self._times_alone = 0
        self._ours: dict[bytes, _State] = {}
        self._free: set[bytes] = set()
        self._connection: sqlite3.Connection | None = None
        self._id = 0
        self._version = 0
        self._beaten = 0.0
        self._stopping = False
        self._thread: BatchThread[_Job, bool] | None = None

    @property
    def alone_since(self) -> int:
        """A number above 0 while no other process has the ledger open; another one each time that this begins."""
        return self._times_alone if self._mode is _Mode.ALONE else 0

    def take_alone(self, key: bytes, since: int) -> bool:
        """Claim a call whose reply was not there, if this process has been alone with the ledger since."""
        with self._lock:
            if self._mode is not _Mode.ALONE or since != self._times_alone or key in self._ours:
                return False
            self._ours[key] = _State.CLAIMED
            return True

    async def take(self, key: bytes) -> bool:
        """Claim a call; False when somebody else has it."""
        asked = self._started().submit(_Job(key, takes=True))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            # Not before the answer: to let go of a call and to claim it must not change places on their way.
            asked.add_done_callback(lambda done: self._unwanted(key, done))
            raise

    def _unwanted(self, key: bytes, done: asyncio.Future[bool]) -> None:
        if not done.cancelled() and done.exception() is None and done.result():
            self.release(key)

    def keep(self, key: bytes) -> None:
        """The reply is on its way to the ledger: the claim stands until it is there, whatever becomes of who waits."""
        with self._lock:
            if key in self._ours:
                self._ours[key] = _State.KEPT

    def release(self, key: bytes) -> None:
        """Let go of a call that was not made."""
        with self._lock:
            if self._ours.get(key) in (_State.KEPT, _State.LEFT):
                self._ours[key] = _State.LEFT
                return
            self._ours.pop(key, None)
        self._let_go(key)

    def settled(self, keys: Iterable[bytes]) -> None:
        """The replies are in the ledger."""
        for key in keys:
            with self._lock:
                self._ours.pop(key, None)
            self._let_go(key)

    def failed(self, keys: Iterable[bytes]) -> None:
        """The replies could not be put there. Who has them may try again."""
        for key in keys:
            with self._lock:
                left = self._ours.get(key) is _State.LEFT
                if key in self._ours and not left:
                    self._ours[key] = _State.CLAIMED
            if left:
                self.settled((key,))

    def stop(self) -> None:
        """Let go of everything. Blocks for a moment."""
        self._stopping = True
        if self._thread is None:
            return
        self._thread.stop()
        if self._connection is None:
            return
        OPEN.discard((self._path, self._id))
        with contextlib.suppress(sqlite3.Error), self._transaction() as connection:
            forget(connection, self._id)
        self._connection.close()

    def _started(self) -> BatchThread[_Job, bool]:
        if self._thread is None:
            self._thread = BatchThread[_Job, bool](
                "ledger-claims", self._work, _MOST, tick=self._watch, tick_s=_WATCH_S
            )
        return self._thread

    def _let_go(self, key: bytes) -> None:
        if self._mode is not _Mode.ALONE and self._thread is not None:
            self._thread.post(_Job(key, takes=False))

    # -- in the thread --------------------------------------------------------------------------------------------

    def _work(self, batch: Sequence[_Job]) -> list[bool]:
        """Each job's answer: whether the call is ours now."""
        try:
            if self._mode is _Mode.NEW:
                self._register()
            if self._mode is _Mode.ALONE:
                return [job.takes and self.take_alone(job.key, self._times_alone) for job in batch]
            return self._shared(batch)
        except sqlite3.Error as error:
            raise translated_claims(error, self._path) from error

    def _shared(self, batch: Sequence[_Job]) -> list[bool]:
        self._free.update(job.key for job in batch if not job.takes)
        wanted = [job.key for job in batch if job.takes]
        gone = self._gone({owner for owner in self._owners_of(wanted).values() if owner != self._id})
        taken: list[bool] = []
        with self._transaction() as connection:
            for owner in gone:
                forget(connection, owner)
            for key in self._free:
                connection.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._id))
            for job in batch:
                taken.append(job.takes and self._insert(connection, job.key))
        self._free.clear()
        with self._lock:
            self._ours.update((job.key, _State.CLAIMED) for job, ours in zip(batch, taken, strict=True) if ours)
        return taken

    def _insert(self, connection: sqlite3.Connection, key: bytes) -> bool:
        row = (key, self._id)
        return connection.execute("INSERT INTO claims VALUES (?, ?) ON CONFLICT DO NOTHING", row).rowcount == 1

    def _owners_of(self, keys: list[bytes]) -> dict[bytes, int]:
        assert self._connection is not None
        marks = ", ".join("?" * len(keys))
        return dict(self._connection.execute(f"SELECT key, owner FROM claims WHERE key IN ({marks})", keys))

    def _gone(self, ids: set[int]) -> set[int]:
        """Those among some owners who have ended, or whom another process has taken for dead."""
        return ids - {owner.id for owner in self._others() if not owner.is_gone(self._path)} if ids else set()

    def _others(self) -> list[Owner]:
        assert self._connection is not None
        return others(self._connection, self._id)

    def _register(self) -> None:
        """Tell the others of ourselves, then wait until each of them writes its claims down."""
        if self._connection is None:
            self._connection = connect_claims(self._path)
        with self._transaction() as connection:
            gone = [owner for owner in self._others() if owner.is_gone(self._path)]
            for owner in gone:
                forget(connection, owner.id)
            beside = bool(self._others())
            me = myself()
            row = (me.pid, me.host, me.started, time.time(), beside)
            added = connection.execute(
                "INSERT INTO owners (pid, host, started, beat, sharing) VALUES (?, ?, ?, ?, ?)", row
            )
            assert added.lastrowid is not None
            self._id = added.lastrowid
            OPEN.add((self._path, self._id))  # before anybody can see it
        self._beaten = time.monotonic()
        while any(not owner.sharing and not owner.is_gone(self._path) for owner in self._others()):
            if self._stopping:
                raise LedgerError(f"the ledger beside `{self._path}` was closed before it was used")
            time.sleep(_GREETING_PAUSE_S)
            self._beat()
        self._enter(_Mode.SHARING if beside else _Mode.ALONE)

    def _enter(self, mode: _Mode) -> None:
        with self._lock:
            self._mode = mode
            self._times_alone += mode is _Mode.ALONE

    def _watch(self) -> None:
        """Give a sign of life; look for those who come and go."""
        if self._mode is _Mode.NEW or self._connection is None:
            return
        # A full or busy disk now is no reason to stop: the next tick tries again.
        with contextlib.suppress(sqlite3.Error):
            self._beat()
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version and self._mode is _Mode.ALONE:
                return
            self._version = -1  # until all below is done
            beside = self._others()
            if self._mode is _Mode.ALONE and beside:
                self._begin_sharing()
            elif self._mode is _Mode.SHARING and all(owner.is_gone(self._path) for owner in beside):
                self._end_sharing(beside)
            elif self._free:
                self._shared(())
            self._version = version

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten < _BEAT_S:
            return
        with self._transaction() as connection:
            beaten = connection.execute("UPDATE owners SET beat = ? WHERE id = ?", (time.time(), self._id))
            if beaten.rowcount == 0:  # we were silent for so long that we were taken for dead
                self._return(connection)
        self._beaten = now

    def _return(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._mode = _Mode.SHARING
            under_way = [(key, self._id) for key in self._ours]
        me = myself()
        connection.execute(
            "INSERT INTO owners VALUES (?, ?, ?, ?, ?, 1)", (self._id, me.pid, me.host, me.started, time.time())
        )
        connection.executemany("INSERT INTO claims VALUES (?, ?) ON CONFLICT DO NOTHING", under_way)

    def _begin_sharing(self) -> None:
        with self._lock:
            self._mode = _Mode.SHARING
            under_way = [(key, self._id) for key in self._ours]
        try:
            with self._transaction() as connection:
                connection.executemany("INSERT OR REPLACE INTO claims VALUES (?, ?)", under_way)
                connection.execute("UPDATE owners SET sharing = 1 WHERE id = ?", (self._id,))
        except sqlite3.Error:
            self._enter(_Mode.ALONE)  # nobody goes on before we have told them otherwise
            raise

    def _end_sharing(self, gone: list[Owner]) -> None:
        with self._transaction() as connection:
            for owner in gone:
                forget(connection, owner.id)
            if self._others():  # somebody came in between
                return
            connection.execute("DELETE FROM claims")
            connection.execute("UPDATE owners SET sharing = 0 WHERE id = ?", (self._id,))
        self._free.clear()
        self._enter(_Mode.ALONE)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        assert connection is not None
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
