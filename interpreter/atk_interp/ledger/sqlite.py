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
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from atk_interp.ledger.base import Entry, LedgerError, LedgerStats, StoredReply
from atk_interp.ledger.schema import COLUMNS, connect, translated
from atk_interp.ledger.worker import BatchThread
from atk_interp.llm.messages import Usage
from atk_interp.records import dataclass

__all__ = ["SqliteLedger"]

_MOST_PUTS = 512
_MOST_LOOKUPS = 4096
_KEYS_A_QUERY = 64
_BUSY_TIMEOUT_S = 60.0
_COMPRESS_FROM_BYTES = 4096
"""Below this, deflating a request costs more time than the whole put and saves a third of little."""

_INSERT = f"INSERT INTO replies ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
_SELECT = f"SELECT {COLUMNS} FROM replies"


@dataclass(frozen=True, slots=True)
class _Put:
    key: bytes
    reply: StoredReply
    request: bytes


class SqliteLedger:
    """`Ledger` in one file. Opening creates the file and its folder; blocking, a few milliseconds.

    Two threads stand between it and the event loop: one writes, and commits all puts that wait in one
    transaction; one reads, and answers all lookups of a tick of the event loop with one query per 64 keys.
    `max_bytes` is a ceiling for the file: beyond it a put raises `LedgerFull`, as on a full disk.
    Raises `LedgerError`.
    """

    def __init__(self, path: str | Path, *, max_bytes: int | None = None) -> None:
        self.path = Path(path)
        self._writer = connect(self.path, busy_timeout_s=_BUSY_TIMEOUT_S)
        self._reader = connect(self.path, busy_timeout_s=_BUSY_TIMEOUT_S)
        if max_bytes is not None:
            page = self._writer.execute("PRAGMA page_size").fetchone()[0]
            self._writer.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page)}")
        self._puts = BatchThread[_Put, StoredReply]("ledger-writer", self._write, _MOST_PUTS)
        self._gets = BatchThread[tuple[bytes, ...], dict[bytes, StoredReply]](
            "ledger-reader", self._read, _MOST_LOOKUPS
        )
        self._tick: _Tick | None = None
        self._closed = False
        self._hits = self._misses = self._put_count = self._commits = 0

    async def get(self, key: str) -> StoredReply | None:
        """The reply to an equal call, or None. Lookups of one tick of the event loop share a query."""
        self._check_open()
        loop = asyncio.get_running_loop()
        tick = self._tick
        if tick is None or tick.loop is not loop:
            tick = self._tick = _Tick(loop, [], loop.create_future())
            loop.call_soon(self._send, tick)
        digest = bytes.fromhex(key)
        tick.keys.append(digest)
        # Shielded: one cancelled task must not cancel the lookups of the others.
        found = (await asyncio.shield(tick.found)).get(digest)
        self._count(found is not None)
        return found

    def _send(self, tick: _Tick) -> None:
        if self._tick is tick:
            self._tick = None
        if self._closed:
            tick.found.set_exception(_closed_error(self.path))
            return
        self._gets.submit(tuple(tick.keys)).add_done_callback(tick.finish)

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, StoredReply]:
        """The replies there are, by key."""
        self._check_open()
        wanted = {bytes.fromhex(key): key for key in keys}
        found = await self._gets.submit(tuple(wanted)) if wanted else {}
        self._hits += len(found)
        self._misses += len(wanted) - len(found)
        return {wanted[digest]: reply for digest, reply in found.items()}

    async def put(self, key: str, reply: StoredReply, request_json: bytes) -> StoredReply:
        """Store a reply; returns the reply that stands under the key, after the commit."""
        self._check_open()
        return await self._puts.submit(_Put(bytes.fromhex(key), reply, request_json))

    def entries(self) -> Iterator[Entry]:
        """All entries in the order of their keys, on a connection of its own. Blocking."""
        connection = connect(self.path, busy_timeout_s=_BUSY_TIMEOUT_S)
        try:
            for row in connection.execute(f"{_SELECT} ORDER BY key"):
                yield Entry(row[0].hex(), _reply(row), _inflated(row[9]), row[8])
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
        await asyncio.to_thread(self._stop)

    async def __aenter__(self) -> SqliteLedger:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise _closed_error(self.path)

    def _count(self, hit: bool) -> None:
        self._hits += hit
        self._misses += not hit

    def _stop(self) -> None:
        self._puts.stop()
        self._gets.stop()
        self._reader.close()
        self._writer.close()

    def _totals(self) -> tuple[int, int, int]:
        connection = connect(self.path, busy_timeout_s=_BUSY_TIMEOUT_S)
        try:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0) FROM replies"
            ).fetchone()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            connection.close()
        return row[0], row[1], row[2]

    def _write(self, batch: Sequence[_Put]) -> list[StoredReply]:
        """In the writer's thread: one transaction for the batch; returns the replies that stand."""
        created = int(time.time())
        rows = [_row(put, created) for put in batch]
        try:
            stored = self._insert(rows)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        self._put_count += stored
        self._commits += 1
        if stored == len(batch):
            return [put.reply for put in batch]
        standing = self._select(self._writer, [put.key for put in batch])
        return [standing[put.key] for put in batch]

    def _insert(self, rows: list[tuple[object, ...]]) -> int:
        """How many of the rows were new."""
        before = self._writer.total_changes
        # IMMEDIATE: waits for other writers here, where waiting is safe, and not in the middle.
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            self._writer.executemany(_INSERT, rows)
            self._writer.execute("COMMIT")
        except BaseException:
            self._writer.rollback()
            raise
        return self._writer.total_changes - before

    def _read(self, batch: Sequence[tuple[bytes, ...]]) -> list[dict[bytes, StoredReply]]:
        """In the reader's thread: each lookup's findings."""
        keys = list(dict.fromkeys(key for lookup in batch for key in lookup))
        try:
            found = self._select(self._reader, keys)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        return [{key: found[key] for key in lookup if key in found} for lookup in batch]

    @staticmethod
    def _select(connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, StoredReply]:
        found: dict[bytes, StoredReply] = {}
        for start in range(0, len(keys), _KEYS_A_QUERY):
            some = keys[start : start + _KEYS_A_QUERY]
            # NULL is never equal to a key: one prepared statement serves any number of keys.
            some_or_null = [*some, *[None] * (_KEYS_A_QUERY - len(some))] if len(some) > 1 else some
            marks = ", ".join("?" * len(some_or_null))
            for row in connection.execute(f"{_SELECT} WHERE key IN ({marks})", some_or_null):
                found[row[0]] = _reply(row)
        return found


@dataclass(slots=True, eq=False)
class _Tick:
    """The lookups of one tick of one event loop, on their way to the reader together."""

    loop: asyncio.AbstractEventLoop
    keys: list[bytes]
    found: asyncio.Future[dict[bytes, StoredReply]]

    def finish(self, done: asyncio.Future[dict[bytes, StoredReply]]) -> None:
        error = done.exception()
        if error is None:
            self.found.set_result(done.result())
        else:
            self.found.set_exception(error)


def _closed_error(path: Path) -> LedgerError:
    return LedgerError(f"the ledger `{path}` was closed before it was used")


def _row(put: _Put, created: int) -> tuple[object, ...]:
    reply = put.reply
    return (
        put.key,
        reply.text,
        reply.reasoning,
        reply.finish,
        reply.usage.input,
        reply.usage.output,
        reply.model,
        reply.seconds,
        created,
        _deflated(put.request),
    )


def _reply(row: tuple[Any, ...]) -> StoredReply:
    _, text, reasoning, finish, input_tokens, output_tokens, model, seconds, _, _ = row
    return StoredReply(text, reasoning, finish, Usage(input_tokens, output_tokens), model, seconds)


def _deflated(request: bytes) -> bytes:
    return zlib.compress(request, 1) if len(request) >= _COMPRESS_FROM_BYTES else request


def _inflated(stored: bytes) -> bytes:
    # JSON objects begin with a brace, zlib streams of this kind with 0x78: the two cannot be mixed up.
    return zlib.decompress(stored) if stored[:1] == b"\x78" else stored
