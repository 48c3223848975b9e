"""Reading HTTP/1.1 answers from bytes as they arrive (RFC 9112). Knows no socket and no clock."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from atk_interp.llm.transport import Answer, Broken

__all__ = ["AnswerReader"]

_MOST_HEAD = 256 * 1024
_MOST_BODY = 256 * 1024 * 1024
"""Far beyond any reply; it keeps a server that never stops talking from filling the memory."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01])[ \t]+([1-9][0-9]{2})(?:[ \t][^\r\n]*)?\r?\n")
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADERS = re.compile(rb"(?:%b:[^\r\n\0]*\r?\n)*" % _NAME)
_HEADER = re.compile(rb"(%b):([^\r\n]*)\r?\n" % _NAME)
_FRAMING = re.compile(rb"\n(connection|content-encoding|content-length|transfer-encoding):([^\r\n]*)")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?")
_LONGEST_CHUNK_LINE = 8 * 1024
_NO_HTTP = "sent an answer that is no HTTP"
_TOO_LONG = f"sent more than {_MOST_BODY >> 20} MB"
_WITHOUT_BODY = (204, 304)


class AnswerReader:
    """Reads one answer. Feed it what arrives until that returns the answer; `end` when the connection ends.

    `started` is false while nothing has arrived. `reusable` tells, once the answer is there, whether the connection
    can take another request. `feed` and `end` raise `Broken` for what is no HTTP, is too long, or was cut off; none
    of its words are the server's.
    """

    def __init__(self) -> None:
        self.started = False
        self.reusable = False
        self._buffer = b""
        self._parts: list[bytes] = []
        self._size = 0
        self._status = 0
        self._headers: Mapping[str, str] = {}
        self._packed = ""
        self._length: int | None = None
        self._chunks: _Chunks | None = None

    def feed(self, data: bytes) -> Answer | None:
        """The answer when it is complete with this."""
        self.started = True
        if not self._status:
            self._buffer = data = self._buffer + data if self._buffer else data
            rest = self._after_head(data)
            if rest is None:
                return None
            self._buffer, data = b"", rest
        if self._chunks is not None:
            return self._finished() if self._chunks.feed(data, self._keep) else None
        if self._length is None:
            self._keep(data)
            return None
        missing = self._length - self._size
        if len(data) > missing:  # nobody has asked for more than one answer
            self.reusable = False
            data = data[:missing]
        self._keep(data)
        return self._finished() if self._size == self._length else None

    def end(self) -> Answer:
        """The connection has ended: so has an answer that does not say how long it is."""
        if self._status and self._length is None and self._chunks is None:
            return self._finished()
        raise Broken("broke off in the middle of its answer")

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > _MOST_BODY:
            raise Broken(_TOO_LONG)
        self._parts.append(data)

    def _after_head(self, data: bytes) -> bytes | None:
        """What follows the head; None while it is not all there."""
        while True:
            end = _HEAD_END.search(data)
            if end is None or end.start() > _MOST_HEAD:
                if len(data) > _MOST_HEAD:
                    raise Broken(_NO_HTTP)
                self._buffer = data
                return None
            status = self._read_head(data[: end.start()] + b"\n")
            data = data[end.end() :]
            if status >= 200:
                return data
            if status == 101:
                raise Broken(_NO_HTTP)

    def _read_head(self, head: bytes) -> int:
        line = _STATUS.match(head)
        if line is None or not _HEADERS.fullmatch(head, line.end()):
            raise Broken(_NO_HTTP)
        status = int(line[2])
        if status >= 200:
            self._status, self._headers = status, _Headers(head[line.end() :])
            # Of an answer's many headers these four are all that is looked at, unless it is an error.
            framing = _joined(_FRAMING.findall(head.lower()))
            self._packed = framing.get("content-encoding", "")
            self._frame(line[1], framing)
        return status

    def _frame(self, version: bytes, headers: Mapping[str, str]) -> None:
        """How the end of the body will be known (RFC 9112, 6.3)."""
        connection = headers.get("connection", "")
        self.reusable = "close" not in connection and (version == b"1" or "keep-alive" in connection)
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if self._status in _WITHOUT_BODY:
            self._length = 0
        elif coding is not None:
            if coding != "chunked":
                raise Broken(_NO_HTTP)
            self._chunks = _Chunks()
            self.reusable = self.reusable and length is None
        elif length is not None:
            self._length = _length(length)
        else:
            self.reusable = False

    def _finished(self) -> Answer:
        if self._chunks is not None and self._chunks.more:
            self.reusable = False
        parts = self._parts
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        if self._packed and body:
            for coding in reversed(self._packed.split(",")):
                body = _unpacked(body, coding.strip())
        return Answer(self._status, self._headers, body)


class _Headers(Mapping[str, str]):
    """Headers that are read when somebody asks for one: of a reply nobody does."""

    def __init__(self, lines: bytes) -> None:
        self._lines = lines

    @cached_property
    def _read(self) -> dict[str, str]:
        return _joined(_HEADER.findall(self._lines))

    def __getitem__(self, name: str) -> str:
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name in lower case; several of one name are one list (RFC 9110, 5.2)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1").strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _length(stated: str) -> int:
    """The number of a `content-length`, which may have been said several times."""
    first = stated
    if "," in stated:
        first, *others = (part.strip() for part in stated.split(","))
        if any(other != first for other in others):
            raise Broken(_NO_HTTP)
    if not (first.isascii() and first.isdigit()):
        raise Broken(_NO_HTTP)
    if len(first) > 15 or int(first) > _MOST_BODY:
        raise Broken(_TOO_LONG)
    return int(first)


class _Chunks:
    """A body in chunks (RFC 9112, 7.1). `more` is true when something follows its end."""

    def __init__(self) -> None:
        self.more = False
        self._buffer = b""
        self._missing = 0
        """Bytes of the current chunk that have not arrived, with the line end after it."""
        self._last = False

    def feed(self, data: bytes, keep: Callable[[bytes], None]) -> bool:
        """True at the end of the body."""
        data = self._buffer + data
        at = 0
        while True:
            if self._missing > 2:
                took = min(self._missing - 2, len(data) - at)
                keep(data[at : at + took])
                at += took
                self._missing -= took
                if self._missing > 2:
                    self._buffer = b""
                    return False
            line_end = data.find(b"\n", at)
            if line_end < 0:
                if len(data) - at > _LONGEST_CHUNK_LINE:
                    raise Broken(_NO_HTTP)
                self._buffer = data[at:]
                return False
            line, at = data[at:line_end], line_end + 1
            if self._read_line(line):
                self.more = at < len(data)
                return True

    def _read_line(self, line: bytes) -> bool:
        """Take a line that is not data: the end of a chunk, the size of the next one, or a trailer."""
        if self._last:
            return line in (b"", b"\r")
        if self._missing:
            if line not in (b"", b"\r"):
                raise Broken(_NO_HTTP)
            self._missing = 0
            return False
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise Broken(_NO_HTTP)
        length = int(size[1], 16)
        if length == 0:
            self._last = True
        else:
            self._missing = length + 2
        return False


def _unpacked(body: bytes, coding: str) -> bytes:
    """A body without its compression; in a coding that was not asked for it stays as it is."""
    if coding in ("gzip", "x-gzip"):
        return _inflated(body, 31)
    if coding == "deflate":
        # Zlib's format by the standard, and a bare stream from servers that took the name at its word.
        zlib_format = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return _inflated(body, 15 if zlib_format else -15)
    return body


def _inflated(body: bytes, window: int) -> bytes:
    parts = []
    size = 0
    while body:
        stream = zlib.decompressobj(window)
        try:
            part = stream.decompress(body, _MOST_BODY + 1 - size)
        except zlib.error:
            raise Broken("sent an answer that cannot be unpacked") from None
        size += len(part)
        if size > _MOST_BODY:
            raise Broken(_TOO_LONG)
        if not stream.eof:
            raise Broken("sent an answer that cannot be unpacked")
        parts.append(part)
        body = stream.unused_data  # gzip: one file may follow another
    return b"".join(parts)
