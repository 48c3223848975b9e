"""The little of HTTP/1.1 that a server for tests and benchmarks needs: keep-alive, bodies with a length.

Whatever else an answer may look like, a test writes itself, as `HttpResponse.wire`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

__all__ = ["Connection", "HttpRequest", "HttpResponse"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`headers` have lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What goes back. `status` 0 closes the connection without a word: a reset.

    `wire` is sent instead of all that, piece by piece, each in a packet of its own with `pause_s` between them.
    `close` ends the connection after it.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    wire: Sequence[bytes] = ()
    pause_s: float = 0.0
    close: bool = False

    def encoded(self) -> bytes:
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        kind = "" if "content-type" in self.headers else "content-type: application/json\r\n"
        head = f"HTTP/1.1 {self.status} -\r\n{kind}{extra}content-length: {len(self.body)}\r\n\r\n"
        return head.encode() + self.body


Handler = Callable[[HttpRequest], "HttpResponse | Coroutine[None, None, HttpResponse]"]
"""Answers at once, or with a coroutine when it has to wait."""


class Connection(asyncio.Protocol):
    """One client's connection. Requests are answered one after the other, in order."""

    def __init__(self, handle: Handler, open_connections: set[Connection]) -> None:
        self._handle = handle
        self._open = open_connections
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        self._transport = None
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def reset(self) -> None:
        """Drop the connection as a crashed server would."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End the connection as a server does with one that has been idle for too long."""
        if self._transport is not None:
            self._transport.close()

    def _serve(self) -> None:
        while self._task is None and self._transport is not None:
            request = self._take()
            if request is None:
                return
            answer = self._handle(request)
            if isinstance(answer, HttpResponse):
                self._send(answer)
            else:
                self._task = asyncio.get_running_loop().create_task(self._send_later(answer))

    async def _send_later(self, answer: Coroutine[None, None, HttpResponse]) -> None:
        response = await answer
        if response.wire:
            await self._send_pieces(response)
        self._task = None
        self._send(response)
        self._serve()

    async def _send_pieces(self, response: HttpResponse) -> None:
        for piece in response.wire:
            if self._transport is not None:
                self._transport.write(piece)
            await asyncio.sleep(response.pause_s)

    def _send(self, response: HttpResponse) -> None:
        if response.status == 0:
            self.reset()
        elif self._transport is not None and not response.wire:
            self._transport.write(response.encoded())
        if response.close:
            self.close()

    def _take(self) -> HttpRequest | None:
        """The next complete request in the buffer."""
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        first, *lines = self._buffer[:head_end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        end = head_end + 4 + int(headers.get("content-length", "0"))
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[head_end + 4 : end])
        del self._buffer[:end]
        method, path, _ = first.split(" ", 2)
        if path.startswith("http://"):  # what a proxy is asked for
            path = "/" + path.split("/", 3)[3]
        return HttpRequest(method, path, headers, body)
