"""The ledger of one machine: an SQLite file that several processes may share.

What survives: a put is acknowledged after `COMMIT` in WAL mode with `synchronous = FULL`, that is after the
write-ahead log was forced to the disk. `kill -9` therefore loses nothing acknowledged, at any moment, and
neither does a power cut, as far as the disk keeps the data it claims to have written; what can be lost are
replies that had arrived but were not acknowledged yet, and no step has used those. The file is never left
half-written: SQLite drops an unfinished transaction when the ledger is next opened.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from atk_interp.ledger.base import Entry, LedgerError, LedgerFull, LedgerStats, StoredReply
from atk_interp.ledger.bulk import Insert
from atk_interp.ledger.claims import Claims
from atk_interp.ledger.lookups import Lookups, select
from atk_interp.ledger.packing import COLUMNS, packed, unpacked_entry
from atk_interp.ledger.runs import paid_by_unfinished
from atk_interp.ledger.schema import check_writable, connect, connect_reading, translated
from atk_interp.ledger.uses import Recorder
from atk_interp.ledger.worker import BatchThread
from atk_interp.records import dataclass

__all__ = ["SQLITE_VERSION", "SqliteLedger"]

SQLITE_VERSION = sqlite3.sqlite_version

_MOST_PUTS = 512
_GATHER_S = 0.005
"""How long replies gather for a commit, while several come at a time."""

_BUSY_TIMEOUT_S = 60.0
_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25
"""How often to ask whether another process has come to the end of a call: less and less often."""

_LEAST_ROOM = 1_000_000

_INSERT = Insert(f"replies ({COLUMNS})", columns=10, otherwise="ON CONFLICT (key) DO NOTHING")


@dataclass(frozen=True, slots=True)
class _Put:
    key: bytes
    reply: StoredReply
    request: bytes

    @property
    def size(self) -> int:
        return len(self.reply.text) + len(self.reply.reasoning) + len(self.request)


@dataclass(frozen=True, slots=True)
class _Flush:
    """Write down what a run has used, and with a status how it ended."""

    status: str = ""


class SqliteLedger:
    """`Ledger` in one file. Opening creates the file and its folder; blocking, a few milliseconds.

    Two threads stand between it and the event loop: one writes, and commits all puts that wait in one
    transaction; one reads, and answers all lookups of a tick of the event loop with one query per 64 keys.
    `max_bytes` is a ceiling for the file: beyond it a put raises `LedgerFull`, as on a full disk. One that is only
    for `reading` must exist, and need not be writable; any other is refused at once when it cannot be written.
    Raises `LedgerError`.
    """

    def __init__(self, path: str | Path, *, max_bytes: int | None = None, reading: bool = False) -> None:
        self.path = Path(path)
        self._reading = reading
        self._writer = self._connected()
        self._reader = self._connected()
        if not reading:
            self._refuse_unwritable()
        if max_bytes is not None:
            page = self._writer.execute("PRAGMA page_size").fetchone()[0]
            self._writer.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page)}")
        self._puts = BatchThread[_Put | _Flush, StoredReply | None](
            "ledger-writer", self._write, _MOST_PUTS, gather_s=_GATHER_S
        )
        self._lookups = Lookups(self._reader, self.path)
        self._claims = Claims(self.path)
        self._recorder: Recorder | None = None
        self._closed = False
        self._hits = self._misses = self._put_count = self._commits = 0

    def _connected(self) -> sqlite3.Connection:
        return (connect_reading if self._reading else connect)(self.path, busy_timeout_s=_BUSY_TIMEOUT_S)

    def _refuse_unwritable(self) -> None:
        try:
            check_writable(self._writer, self.path)
        except LedgerError:
            self._reader.close()
            self._writer.close()
            raise

    async def get(self, key: str) -> StoredReply | None:
        """The reply to an equal call, or None. Lookups of one tick of the event loop share a query."""
        self._check_open()
        digest = bytes.fromhex(key)
        found = await self._lookups.one(digest)
        self._count(found is not None)
        if found is not None and self._recorder is not None and self._recorder.used(digest):
            self._puts.post(_Flush())
        return found

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, StoredReply]:
        """The replies there are, by key."""
        self._check_open()
        wanted = {bytes.fromhex(key): key for key in keys}
        found = await self._lookups.many(wanted) if wanted else {}
        self._hits += len(found)
        self._misses += len(wanted) - len(found)
        return {wanted[digest]: reply for digest, reply in found.items()}

    async def put(self, key: str, reply: StoredReply, request_json: bytes) -> StoredReply:
        """Store a reply; returns the reply that stands under the key, after the commit."""
        self._check_open()
        digest = bytes.fromhex(key)
        self._claims.keep(digest)
        standing = await self._puts.submit(_Put(digest, reply, request_json))
        assert standing is not None
        return standing

    async def reserve(self, key: str) -> StoredReply | None:
        """The reply to an equal call, or None when the call is now ours to make."""
        digest, pause = bytes.fromhex(key), _FIRST_PAUSE_S
        while True:
            alone_since = self._claims.alone_since
            found = await self.get(key)
            if found is not None or self._claims.take_alone(digest, alone_since):
                return found
            if await self._claims.take(digest):
                return await self._looked_again(key)
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE_S, 1.5 * pause)

    async def _looked_again(self, key: str) -> StoredReply | None:
        """Who had the claim before may have put its reply since we looked."""
        try:
            found = await self.get(key)
        except BaseException:
            self.release(key)
            raise
        if found is not None:
            self.release(key)
        return found

    def release(self, key: str) -> None:
        """Let others make a call that was reserved and has brought no reply."""
        self._claims.release(bytes.fromhex(key))

    def record(self, folder: Path, pipeline: str, paid: Callable[[], str] | None = None) -> None:
        """Write down from now on which replies are used, and what is `paid`, as those of a run.

        Nothing is written yet.
        """
        self._recorder = Recorder(self.path, folder, pipeline, paid)

    def paid_before(self, folder: Path, pipeline: str) -> str:
        """What was paid by the runs into a folder that are to be gone on with; empty when there are none. Blocking."""
        connection = self._connected()
        try:
            return paid_by_unfinished(connection, self.path, folder, pipeline)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            connection.close()

    def uses(self, key: str) -> None:
        """Write down that a run goes by what is granted under a key."""
        if self._recorder is not None and self._recorder.used(bytes.fromhex(key)):
            self._puts.post(_Flush())

    def uses_all(self, keys: bytes) -> None:
        """Write down that a run goes by the replies under some keys of 32 bytes, one after the other."""
        if self._recorder is not None:
            self._recorder.used(keys)
            self._puts.post(_Flush())

    def mark(self) -> tuple[str, int]:
        """What tells this ledger from others, and from itself when replies were taken out; and how many it has had.

        Blocking. Raises `LedgerError`.
        """
        connection = self._connected()
        try:
            generation = connection.execute("SELECT mark FROM generation").fetchone()[0]
            return generation.hex(), connection.execute("SELECT max(rowid) FROM replies").fetchone()[0] or 0
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            connection.close()

    async def finish(self, status: str) -> None:
        """Write down how the run ended."""
        self._check_open()
        await self._puts.submit(_Flush(status))

    def entries(self) -> Iterator[Entry]:
        """All entries in the order of their keys, on a connection of its own. Blocking."""
        connection = self._connected()
        try:
            for row in connection.execute(f"SELECT {COLUMNS} FROM replies ORDER BY key"):
                yield unpacked_entry(row)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            connection.close()

    async def stats(self) -> LedgerStats:
        """Counts over the file and this opening of it. Reads the whole table: for reports, not for each row."""
        replies, input_tokens, output_tokens = await asyncio.to_thread(self._totals)
        return LedgerStats(
            replies, input_tokens, output_tokens, self._hits, self._misses, self._put_count, self._commits
        )

    async def close(self) -> None:
        """Commit what waits, then release the file."""
        if self._closed:
            return
        self._closed = True
        self._lookups.refuse()
        await asyncio.to_thread(self._stop)

    async def __aenter__(self) -> SqliteLedger:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise LedgerError(f"the ledger `{self.path}` was closed before it was used")

    def _count(self, hit: bool) -> None:
        self._hits += hit
        self._misses += not hit

    def _stop(self) -> None:
        self._puts.stop()
        self._lookups.stop()
        self._claims.stop()  # after the last reply is in the ledger
        self._reader.close()
        self._writer.close()

    def _totals(self) -> tuple[int, int, int]:
        connection = self._connected()
        try:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0) FROM replies"
            ).fetchone()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            connection.close()
        return row[0], row[1], row[2]

    def _write(self, batch: Sequence[_Put | _Flush]) -> list[StoredReply | None]:
        """In the writer's thread: one transaction for the batch; returns the replies that stand."""
        puts = [job for job in batch if isinstance(job, _Put)]
        ends = [job.status for job in batch if isinstance(job, _Flush) and job.status]
        try:
            stored = self._commit(puts, ends)
        except sqlite3.Error as error:
            self._claims.failed(put.key for put in puts)
            told = translated(error, self.path)
            raise LedgerFull(self.path, _room_for(puts)) if isinstance(told, LedgerFull) else told from error
        self._claims.settled(put.key for put in puts)
        self._put_count += stored
        self._commits += 1
        standing = {} if stored == len(puts) else select(self._writer, [put.key for put in puts])
        return [standing.get(job.key, job.reply) if isinstance(job, _Put) else None for job in batch]

    def _commit(self, puts: list[_Put], ends: list[str]) -> int:
        """How many of the replies were new."""
        created = int(time.time())
        rows = [packed(put.key, put.reply, created, put.request) for put in puts]
        recorder = self._recorder
        # IMMEDIATE: waits for other writers here, where waiting is safe, and not in the middle.
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            before = self._writer.total_changes
            _INSERT.rows(self._writer, rows)
            stored = self._writer.total_changes - before
            if recorder is not None:
                recorder.write(self._writer, [put.key for put in puts])
                for status in ends:
                    recorder.finish(self._writer, status)
            self._writer.execute("COMMIT")
        except BaseException:
            self._writer.rollback()
            raise
        if recorder is not None:
            recorder.written()
        return stored


def _room_for(puts: Sequence[_Put]) -> int:
    """About how many bytes it takes to commit some replies: pages are first written to the log, and whole."""
    return max(_LEAST_ROOM, sum(2 * put.size + 16_384 for put in puts))
