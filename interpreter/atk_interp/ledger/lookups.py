"""Finding replies by their keys, many at a time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from atk_interp.ledger.base import LedgerError, StoredReply
from atk_interp.ledger.packing import REPLY_COLUMNS, unpacked
from atk_interp.ledger.schema import translated
from atk_interp.ledger.worker import BatchThread
from atk_interp.records import dataclass

__all__ = ["Lookups", "select"]

_MOST_LOOKUPS = 4096
_KEYS_A_QUERY = 64
_Found = dict[bytes, StoredReply]


class Lookups:
    """Answers from one connection, in a thread of its own. Lookups of one tick of the event loop share a query."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._thread = BatchThread[tuple[bytes, ...], _Found]("ledger-reader", self._read, _MOST_LOOKUPS)
        self._tick: _Tick | None = None
        self._closing = False

    async def one(self, key: bytes) -> StoredReply | None:
        """The reply under a key. Raises `LedgerError`."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[StoredReply | None]
        tick = self._tick
        if tick is None or tick.loop is not loop:
            tick = self._tick = _Tick(loop, [])
            loop.call_soon(self._send, tick)
        waiting = loop.create_future()
        tick.waiting.append((key, waiting))
        return await waiting

    async def many(self, keys: Iterable[bytes]) -> _Found:
        """The replies that there are. Raises `LedgerError`."""
        return await self._thread.submit(tuple(keys))

    def refuse(self) -> None:
        """Take on no more. To be called in the event loop, before `stop`."""
        self._closing = True

    def stop(self) -> None:
        """Answer what was asked, then end the thread. Blocks."""
        self._thread.stop()

    def _send(self, tick: _Tick) -> None:
        if self._tick is tick:
            self._tick = None
        if self._closing:
            tick.fail(LedgerError(f"the ledger `{self._path}` was closed before it was used"))
            return
        self._thread.submit(tuple(key for key, _ in tick.waiting)).add_done_callback(tick.finish)

    def _read(self, batch: Sequence[tuple[bytes, ...]]) -> list[_Found]:
        """In the thread: each lookup's findings."""
        keys = list(dict.fromkeys(key for lookup in batch for key in lookup))
        try:
            found = select(self._connection, keys)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
        return [{key: found[key] for key in lookup if key in found} for lookup in batch]


def select(connection: sqlite3.Connection, keys: list[bytes]) -> _Found:
    """The replies under some keys, in one query per 64 of them."""
    found: _Found = {}
    for start in range(0, len(keys), _KEYS_A_QUERY):
        some = keys[start : start + _KEYS_A_QUERY]
        # NULL is never equal to a key: one prepared statement serves any number of keys.
        some_or_null = [*some, *[None] * (_KEYS_A_QUERY - len(some))] if len(some) > 1 else some
        marks = ", ".join("?" * len(some_or_null))
        for row in connection.execute(f"SELECT {REPLY_COLUMNS} FROM replies WHERE key IN ({marks})", some_or_null):
            found[row[0]] = unpacked(row)
    return found


@dataclass(slots=True, eq=False)
class _Tick:
    """The lookups of one tick of one event loop, on their way to the reader together."""

    loop: asyncio.AbstractEventLoop
    waiting: list[tuple[bytes, asyncio.Future[StoredReply | None]]]

    def finish(self, done: asyncio.Future[_Found]) -> None:
        error = done.exception()
        if error is not None:
            self.fail(error)
            return
        found = done.result()
        for key, future in self.waiting:
            if not future.done():
                future.set_result(found.get(key))

    def fail(self, error: BaseException) -> None:
        for _, future in self.waiting:
            if not future.done():
                future.set_exception(error)
