"""The hot path: HTTP/1.1 over keep-alive connections, and nothing else. See docs/decisions for what it leaves out.

What it cannot do (proxies, redirects, unusual addresses) goes through the `openai` package; `can_reach` tells.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import os
import re
import socket
import ssl
import sys
from typing import cast
from urllib.parse import urlsplit

from atk_interp.llm.http1 import AnswerReader
from atk_interp.llm.transport import Answer, Broken

__all__ = ["DirectTransport", "can_reach"]

_IDLE_S = 4.0
"""Below the 5 s after which uvicorn, and with it most self-hosted servers, drops an idle connection."""

_STALE_S = 1.0
"""A used connection that breaks this soon was closed by the server before the request reached it. One that breaks
later had the server at work: asking again is for those who count what is asked."""

_NEXT_ADDRESS_S = 0.25
"""How long one address of a name may take before the next is tried beside it (RFC 8305)."""

_PLAIN_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]*)*")
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_UNDERSTOOD = {
    f"OPENAI_{name}" for name in ("ADMIN_KEY", "API_KEY", "BASE_URL", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET")
}
"""What the package reads from the environment and this knows how to obey, or has no use for."""


class DirectTransport:
    """A `Transport` on sockets. `connections` is a ceiling: requests beyond it wait.

    A connection that has been used before may have been closed by the server in the meantime. When it breaks at once
    and before the first byte of an answer, the request is sent once more on a new one.
    """

    def __init__(self, base_url: str, key: str, connections: int) -> None:
        parts = urlsplit(base_url)
        assert parts.hostname is not None
        self._host = parts.hostname
        self._secure = parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        self._path = parts.path.rstrip("/")
        self._headers = _headers(parts.netloc, key, default_port=self._port in (80, 443) and parts.port == self._port)
        self._places = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._heads: dict[tuple[str, str], bytes] = {}
        self._context: ssl.SSLContext | None = None

    async def ask(self, method: str, path: str, body: bytes) -> Answer:
        """See `Transport.ask`."""
        head = self._heads.get((method, path)) or self._head(method, path)
        sent = b"%b%d\r\n\r\n%b" % (head, len(body), body)
        async with self._places:
            connection = self._unused()
            if connection is not None:
                answer = await self._answer(connection, sent)
                if answer is not None:
                    return answer
            answer = await self._answer(await self._connected(), sent)
        if answer is None:
            raise Broken("dropped the connection")
        return answer

    async def aclose(self) -> None:
        """Drop the connections, and wait until they are gone."""
        gone = [connection.gone for connection in self._open]
        for connection in self._open:
            connection.drop()
        if gone:
            await asyncio.wait(gone)

    def _head(self, method: str, path: str) -> bytes:
        head = f"{method} {self._path}{path} HTTP/1.1\r\n{self._headers}content-length: ".encode("ascii")
        self._heads[method, path] = head
        return head

    async def _answer(self, connection: _Connection, sent: bytes) -> Answer | None:
        """None when the connection was stale."""
        try:
            answer = await connection.ask(sent)
        except BaseException:
            connection.drop()
            raise
        if connection.usable:
            self._idle.append(connection)
        else:
            connection.drop()
        return answer

    def _unused(self) -> _Connection | None:
        """The connection that was used last, if it is likely alive."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_s() < _IDLE_S:
                return connection
            connection.drop()
        return None

    async def _connected(self) -> _Connection:
        loop = asyncio.get_running_loop()
        context = None
        if self._secure:
            context = self._context = self._context or await asyncio.to_thread(trusted)
        make = functools.partial(_Connection, loop, self._open)
        told = None
        try:
            if isinstance(loop, asyncio.BaseEventLoop):
                _, connection = await loop.create_connection(
                    make, self._host, self._port, ssl=context, happy_eyeballs_delay=_NEXT_ADDRESS_S
                )
            else:  # other loops know nothing of happy eyeballs
                _, connection = await loop.create_connection(make, self._host, self._port, ssl=context)
        except (OSError, UnicodeError) as error:  # the second for names that are none, such as `a..b`
            told = _why_not_connected(error)
        if told is not None:  # raised out here, so that nothing of the connection travels along as context
            raise Broken(told)
        return connection


class _Connection(asyncio.Protocol):
    """One connection, taking one request after the other."""

    def __init__(self, loop: asyncio.AbstractEventLoop, open_ones: set[_Connection]) -> None:
        self.usable = True
        self.gone: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._open = open_ones
        self._transport: asyncio.Transport | None = None
        self._reader = AnswerReader()
        self._waiting: asyncio.Future[Answer | None] | None = None
        self._used = False
        self._since = 0.0

    def ask(self, sent: bytes) -> asyncio.Future[Answer | None]:
        """Send a request. None comes instead of an answer when the connection proves to be stale."""
        assert self._transport is not None
        self._reader = AnswerReader()
        waiting = self._waiting = self._loop.create_future()
        self._since = self._loop.time()
        self._transport.write(sent)
        return waiting

    def idle_s(self) -> float:
        return self._loop.time() - self._since

    def drop(self) -> None:
        """Close without a word; for any connection, at any time."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        waiting = self._waiting
        if waiting is None:  # an answer that nobody has asked for, such as that the time is up
            self.drop()
            return
        try:
            answer = self._reader.feed(data)
        except Broken as error:
            self._fail(error)
            return
        if answer is None:
            return
        assert self._transport is not None
        # What it answered before it had the whole request stands at the beginning of the next one.
        self.usable = self._reader.reusable and self._transport.get_write_buffer_size() == 0
        self._used = True
        self._since = self._loop.time()
        self._settle(answer)

    def eof_received(self) -> None:
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._open.discard(self)
        self._transport = None
        if not self.gone.done():
            self.gone.set_result(None)
        if self._waiting is None:
            return
        if not self._reader.started:
            stale = self._used and self.idle_s() < _STALE_S
            if stale:
                self._settle(None)
            else:
                self._fail(Broken(_why_lost(exc)))
            return
        try:
            answer = self._reader.end()
        except Broken as error:
            self._fail(error)
        else:
            self._settle(answer)

    def _settle(self, answer: Answer | None) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _fail(self, error: Broken) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
        self.drop()


def can_reach(base_url: str) -> bool:
    """Whether this transport, in this environment, does with an address what the `openai` package does with it."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.query or parts.fragment or "@" in parts.netloc:
        return False
    if not _PLAIN_HOST.fullmatch(host) or not _PLAIN_PATH.fullmatch(parts.path):
        return False
    if any(name.startswith("OPENAI_") and name not in _UNDERSTOOD for name in os.environ):
        return False
    if parts.scheme == "https" and not _finds_authorities():
        return False
    return not _goes_through_proxy(parts.scheme, host)


def _headers(netloc: str, key: str, *, default_port: bool) -> str:
    host = netloc.rpartition(":")[0] if default_port else netloc
    account = {"openai-organization": "OPENAI_ORG_ID", "openai-project": "OPENAI_PROJECT_ID"}
    lines = {
        "host": host.lower(),
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "authorization": f"Bearer {key}",
        "connection": "keep-alive",
        "content-type": "application/json",
        "user-agent": "atk-interp",
        **{name: os.environ[variable] for name, variable in account.items() if os.environ.get(variable)},
    }
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items())


def trusted() -> ssl.SSLContext:
    """Whom to trust, as the package has it: `SSL_CERT_FILE`, `SSL_CERT_DIR`, else the system's authorities."""
    file = os.environ.get("SSL_CERT_FILE") or None
    folder = None if file else os.environ.get("SSL_CERT_DIR") or None
    context = ssl.create_default_context(cafile=file, capath=folder)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _finds_authorities() -> bool:
    """Whether the authorities are where `ssl` looks. Elsewhere the package has ways of its own to find them."""
    if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        return True
    paths = ssl.get_default_verify_paths()
    return sys.platform == "linux" and bool(paths.cafile)


def _goes_through_proxy(scheme: str, host: str) -> bool:
    """Whether requests may have to go through a proxy. False only where every reading of the settings says so."""
    if sys.platform == "linux" and not any(name.lower().endswith("_proxy") for name in os.environ):
        return False
    from urllib.request import getproxies  # takes 80 ms to import

    proxies = getproxies()
    if not any(proxies.get(name) for name in (scheme, "all")):
        return False
    return not any(_is_exempt(host, entry) for entry in proxies.get("no", "").split(","))


def _is_exempt(host: str, entry: str) -> bool:
    entry = entry.strip().lower()
    if entry in ("*", host):
        return True
    domain = entry.removeprefix("*").removeprefix(".")
    return bool(re.fullmatch(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*", domain)) and host.endswith(f".{domain}")


def _why_not_connected(error: OSError | UnicodeError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"cannot be trusted: {error.reason or error}"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "is unknown: its name cannot be resolved"
    # What went wrong with each of several addresses stands in the words alone.
    numbers = {error.errno, *map(int, _ERRNO.findall(str(error)))}
    if errno.ECONNREFUSED in numbers:
        return "refused the connection"
    if isinstance(error, ConnectionError):
        return "dropped the connection"
    return f"cannot be reached: {error.strerror or error}"


def _why_lost(error: Exception | None) -> str:
    if error is None or isinstance(error, ConnectionError):
        return "dropped the connection"
    return f"broke off: {error}"
