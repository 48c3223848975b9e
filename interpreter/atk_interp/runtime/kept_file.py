"""One file with what a finished step gave: its rows, what was dropped in it, the calls it used, its books.

The file is a run of blocks, each with its kind, its length and a checksum; the last one holds the account: what the
other blocks must add up to. A file that is cut short or changed has no account, or one that does not fit, and is none.
It is written beside its place and renamed when it is whole; the system holds the writer's lock as long as that lives,
so what a killed one has left is told from what one still writes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from atk_interp.runtime.barrier import packed, unpacked
from atk_interp.runtime.lock import take
from atk_interp.values import Row, decode, encode

__all__ = ["MOST_BYTES", "KeptFile", "KeptWriter", "remove_left_over"]

_MAGIC = b"atk-kept-1\n"
_BLOCK = struct.Struct("<cII")
_ROWS, _DROPPED, _KEYS, _ACCOUNT = b"r", b"d", b"k", b"a"
_BLOCK_BYTES = 262_144
_LARGE = 10_000
"""Blocks below this many bytes are written however little room there is."""

MOST_BYTES = 1_000_000_000
"""A step that gives more than this, compressed, is not kept."""

_PARTIAL = ".partial"


class KeptWriter:
    """Takes what a step gives while it runs, from any thread; `publish` makes a file of it.

    Nothing here raises for want of room: `broken` tells why there will be no file.
    """

    def __init__(self, path: Path, has_room: Callable[[], bool] = lambda: True, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}{_PARTIAL}")
        self._has_room = has_room
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._waiting: dict[bytes, list[bytes]] = {_ROWS: [], _DROPPED: [], _KEYS: []}
        self._sizes = dict.fromkeys(self._waiting, 0)
        self._counts = dict.fromkeys(self._waiting, 0)
        self._stream: IO[bytes] | None = None
        self._written = 0
        self.broken = ""

    def row(self, row: Row) -> None:
        """A row has left the step."""
        self._add(_ROWS, packed(row) + b"\n")

    def dropped(self, order: tuple[int, ...], record: bytes) -> None:
        """A row was dropped, or a part of a reply refused: its place and its line of `rejected.jsonl`."""
        self._add(_DROPPED, encode(order) + record)

    def called(self, key: bytes) -> None:
        """A reply was used."""
        self._add(_KEYS, key)

    def _add(self, kind: bytes, item: bytes) -> None:
        with self._lock:
            waiting = self._waiting[kind]
            waiting.append(item)
            self._counts[kind] += 1
            self._sizes[kind] += len(item)
            if self._sizes[kind] >= _BLOCK_BYTES:
                self._flush(kind)

    def _flush(self, kind: bytes) -> None:
        data = b"".join(self._waiting[kind])
        self._waiting[kind].clear()
        self._sizes[kind] = 0
        if data:
            self._block(kind, data)

    def _block(self, kind: bytes, data: bytes) -> None:
        if self.broken:
            return
        stored = data if kind == _KEYS else zlib.compress(data, 1)  # hashes have nothing to press out
        if self._written + len(stored) > self._most_bytes:
            self._break(f"it takes more than {self._most_bytes // 1_000_000:,} MB")
            return
        if len(stored) >= _LARGE and not self._has_room():
            self._break("there is little room left on the disk")
            return
        try:
            if self._stream is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._partial.open("xb")
                take(self._stream)
                self._stream.write(_MAGIC)
            self._stream.write(_BLOCK.pack(kind, len(stored), zlib.crc32(stored)) + stored)
            self._written += len(stored)
        except OSError as error:
            self._break((error.strerror or str(error)).lower())

    def publish(self, account: Mapping[str, Any]) -> None:
        """Put the file into its place, with the account of the step. No data may come any more. Blocking."""
        with self._lock:
            for kind in self._waiting:
                self._flush(kind)
            counts = {kind.decode(): count for kind, count in self._counts.items()}
            self._block(_ACCOUNT, encode({**account, "counts": counts}))
            if self.broken or self._stream is None:
                return
            try:
                self._stream.flush()
                self._partial.replace(self._path)  # while the lock is held
                self._stream.close()
            except OSError as error:
                self._break((error.strerror or str(error)).lower())

    def close(self) -> None:
        """Drop what was not published."""
        with self._lock:
            self._break("it was given up")

    def _break(self, reason: str) -> None:
        self.broken = self.broken or reason
        for waiting in self._waiting.values():
            waiting.clear()
        if self._stream is not None and not self._stream.closed:
            with contextlib.suppress(OSError):  # a full disk makes closing fail too
                self._stream.close()
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)


class KeptFile:
    """What one step gave, as it was kept. It stays readable when its file is removed meanwhile. Close it."""

    def __init__(self, stream: IO[bytes], blocks: list[tuple[bytes, int, int]], account: Mapping[str, Any]) -> None:
        self._stream = stream
        self._blocks = blocks
        self._lock = threading.Lock()
        self.account = account

    @staticmethod
    def open(path: Path) -> KeptFile | None:
        """The file, with all of its checksums checked; None when there is none that is whole. Blocking."""
        try:
            stream = path.open("rb")
        except OSError:
            return None
        try:
            blocks, account = _checked(stream)
        except (OSError, ValueError, KeyError, zlib.error, struct.error):
            stream.close()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # what is used last is removed last
        return KeptFile(stream, blocks, account)

    def rows(self) -> Iterator[Row]:
        """The rows, in the order in which they had left the step."""
        return (unpacked(line) for line in self._lines(_ROWS))

    def dropped(self) -> Iterator[tuple[tuple[int, ...], bytes]]:
        """Places and lines of `rejected.jsonl`."""
        for line in self._lines(_DROPPED):
            order, _, record = line.partition(b"]")
            places: Any = decode(order + b"]")
            yield tuple(places), record + b"\n"

    def keys(self) -> Iterator[bytes]:
        """The keys of the calls that were used, many at a time."""
        return self._data(_KEYS)

    def _lines(self, kind: bytes) -> Iterator[bytes]:
        for data in self._data(kind):
            yield from data[:-1].split(b"\n")

    def _data(self, kind: bytes) -> Iterator[bytes]:
        for found, offset, length in self._blocks:
            if found == kind:
                with self._lock:
                    self._stream.seek(offset)
                    stored = self._stream.read(length)
                yield stored if kind == _KEYS else zlib.decompress(stored)

    def close(self) -> None:
        self._stream.close()


def _checked(stream: IO[bytes]) -> tuple[list[tuple[bytes, int, int]], Mapping[str, Any]]:
    """The blocks of a file, by kind, offset and length, and its account. Raises `ValueError` for half a file."""
    if stream.read(len(_MAGIC)) != _MAGIC:
        raise ValueError
    blocks: list[tuple[bytes, int, int]] = []
    while True:
        kind, length, checksum = _BLOCK.unpack(stream.read(_BLOCK.size))
        offset, stored = stream.tell(), stream.read(length)
        if len(stored) != length or zlib.crc32(stored) != checksum:
            raise ValueError
        if kind == _ACCOUNT:
            account: Any = decode(zlib.decompress(stored))
            return blocks, account
        blocks.append((kind, offset, length))


def remove_left_over(folder: Path) -> None:
    """Remove what killed writers have left. Blocking; never raises."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f".*{_PARTIAL}"):
            with contextlib.suppress(OSError), path.open("ab") as stream:
                if take(stream):
                    path.unlink()
