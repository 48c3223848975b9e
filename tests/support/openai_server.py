"""An OpenAI-compatible server on this machine, as fast as Python allows: for tests and benchmarks.

In a test: `async with OpenAIServer(reply) as server: ... server.base_url ...`. From code without an event loop:
`with server_thread(reply) as server`. As a process of its own, so that its time is not counted with the client's:
`with server_process("--latency-ms", "20") as base_url`, or by hand, in the folder `tests`,
`python -m support.openai_server --port 0 --log calls.log`, which prints its address as one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
import os
import random
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from support.http11 import Connection, HttpRequest, HttpResponse

__all__ = [
    "AUTHORITY",
    "Answer",
    "Call",
    "OpenAIServer",
    "echo",
    "failure",
    "hostile",
    "server_process",
    "server_thread",
]

AUTHORITY = Path(__file__).parent / "tls" / "authority.pem"
"""Who vouches for a server with `tls`."""

_EMBEDDINGS = "/v1/embeddings"
_ANSWERED = ("/v1/chat/completions", "/v1/completions", _EMBEDDINGS)
_DIMENSIONS = 64


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a reply, or for vectors. `nth` counts those with an equal body, from 0, and `digest` is of it."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    raw: bytes
    digest: str
    nth: int

    @property
    def last(self) -> str:
        """The last message, or the prompt."""
        messages = self.body.get("messages")
        return str(messages[-1]["content"] if messages else self.body.get("prompt", ""))

    @property
    def texts(self) -> list[str]:
        """The texts to embed."""
        given = self.body.get("input", [])
        return [given] if isinstance(given, str) else given


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says. `message` adds to or replaces fields of the chat message, `whole` of the whole body.

    `raw` is sent instead of all that. `fault` is `reset` (the connection is dropped) or `hang` (no answer).
    `wire` makes all that is sent, head included, out of the body: see `HttpResponse`.
    """

    text: str = ""
    finish: str = "stop"
    message: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    fault: str = ""
    wire: Callable[[bytes], Sequence[bytes]] | None = None
    pause_s: float = 0.0
    close: bool = False


Replier = Callable[[Call], "Answer | str"]


def echo(call: Call) -> str:
    """The default replier: tells bodies apart, repeats the beginning of the last message. Of what is said to texts to
    embed, only what is no text counts."""
    return f"reply {call.digest[:12]} to: {call.last[:200]}"


def failure(status: int, message: str, code: str = "", **headers: str) -> Answer:
    """An error as OpenAI words it. `retry_after="2"` becomes the header `retry-after: 2`."""
    error = {"message": message, "type": "error", "param": None, "code": code or None}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, raw=orjson.dumps({"error": error}), headers=named)


def hostile(reply: Replier = echo, seed: int = 1) -> Replier:
    """A replier at its worst, in no order: of 100 calls 20 are pushed back, in all the ways to say for how long.

    5 meet an error, 2 a dropped connection, 2 silence, and 2 get a page that is no JSON.
    """
    chance = random.Random(seed)
    pushes = itertools.cycle((_push_back, _push_back_for_a_second, _push_back_until, _push_back_ms, _push_back_reset))

    def answer(call: Call) -> Answer | str:
        share = chance.random() * 100
        if share < 20:
            return next(pushes)()
        if share < 25:
            return failure(500, "internal error")
        if share < 27:
            return Answer(fault="reset")
        if share < 29:
            return Answer(fault="hang")
        if share < 31:
            return Answer(raw=b"<html>not json</html>", headers={"content-type": "text/html"})
        return reply(call)

    return answer


def _push_back() -> Answer:
    return failure(429, "slow down")


def _push_back_for_a_second() -> Answer:
    return failure(429, "slow down", retry_after="1")


def _push_back_until() -> Answer:
    return failure(429, "slow down", retry_after=formatdate(time.time() + 1, usegmt=True))


def _push_back_ms() -> Answer:
    return failure(429, "slow down", retry_after_ms="200")


def _push_back_reset() -> Answer:
    return failure(429, "slow down", x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="300ms")


class OpenAIServer:
    """`/v1/chat/completions`, `/v1/completions`, `/v1/embeddings`, `/v1/models`, and `/_stats`.

    `log` gets `begin DIGEST` when a request has arrived and `done DIGEST STATUS` before its answer is sent, each
    in one write: after a kill, what began and was not done was in flight. Of more than `takes` calls at a time the
    others are pushed back at once.
    """

    def __init__(
        self,
        reply: Replier = echo,
        *,
        latency_s: float = 0.0,
        takes: int | None = None,
        models: Sequence[str] = ("test-model",),
        log: str | Path | None = None,
        port: int = 0,
        tls: bool = False,
    ) -> None:
        self.reply = reply
        self.calls: list[Call] = []
        self.accepted = 0
        """How many connections there have been."""
        self.keep_calls = True
        self._latency_s = latency_s
        self._takes = takes
        self._models = tuple(models)
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else None
        self._port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._asked: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._by_status: Counter[int] = Counter()
        self._in_flight = self._most_in_flight = self._hanging = 0

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self._port}/v1" if self._tls else f"http://127.0.0.1:{self._port}/v1"

    def close_connections(self) -> None:
        """End all connections, as if they had been idle for too long."""
        for connection in list(self._connections):
            connection.close()

    async def __aenter__(self) -> OpenAIServer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._accept,
            "127.0.0.1",
            self._port,
            backlog=1024,
            ssl=_certified() if self._tls else None,
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.reset()
        await asyncio.sleep(0)
        await self._server.wait_closed()
        if self._log is not None:
            os.close(self._log)

    def stats(self) -> dict[str, Any]:
        """Counts so far. `repeated` is how many requests were answered with 200 after an equal one had been."""
        answered = sum(self._answered.values())
        return {
            "calls": sum(self._asked.values()),
            "answered": answered,
            "distinct": len(self._asked),
            "repeated": answered - len(self._answered),
            "in_flight": self._in_flight,
            "most_in_flight": self._most_in_flight,
            "by_status": {str(status): count for status, count in sorted(self._by_status.items())},
        }

    def _accept(self) -> Connection:
        self.accepted += 1
        return Connection(self._handle, self._connections)

    def _handle(self, request: HttpRequest) -> Any:
        if request.method == "POST" and request.path in _ANSWERED:
            return self._complete(request)
        if request.path == "/v1/models":
            return _json({"object": "list", "data": [{"id": name, "object": "model"} for name in self._models]})
        if request.path == "/_stats":
            return _json(self.stats())
        return HttpResponse(404, b'{"error": {"message": "no such address"}}')

    def _complete(self, request: HttpRequest) -> Any:
        digest = hashlib.sha256(request.path.encode() + request.body).hexdigest()
        call = Call(
            request.path, request.headers, orjson.loads(request.body), request.body, digest, self._asked[digest]
        )
        self._asked[digest] += 1
        if self.keep_calls:
            self.calls.append(call)
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)
        self._write(f"begin {digest}\n")
        full = self._takes is not None and self._in_flight - self._hanging > self._takes
        answer = failure(429, "too many calls at a time") if full else self.reply(call)
        answer = Answer(answer) if isinstance(answer, str) else answer
        full = full or (self._takes is not None and answer.status == 429)
        if (self._latency_s and not full) or answer.delay_s or answer.fault == "hang" or answer.wire:
            return self._answer_later(call, answer)
        return self._answer(call, answer)

    async def _answer_later(self, call: Call, answer: Answer) -> HttpResponse:
        try:
            if answer.fault == "hang":
                self._hanging += 1  # nobody works on it
                await asyncio.Event().wait()
            await asyncio.sleep(self._latency_s + answer.delay_s)
        except asyncio.CancelledError:  # the client went away
            self._in_flight -= 1
            self._hanging -= answer.fault == "hang"
            raise
        return self._answer(call, answer)

    def _answer(self, call: Call, answer: Answer) -> HttpResponse:
        self._in_flight -= 1
        status = 0 if answer.fault == "reset" else answer.status
        self._by_status[status] += 1
        if status == 200:
            self._answered[call.digest] += 1
        self._write(f"done {call.digest} {status}\n")
        body = answer.raw if answer.raw is not None else orjson.dumps(_completion(call, answer))
        wire = answer.wire(body) if answer.wire else ()
        return HttpResponse(status, body, answer.headers, wire, answer.pause_s, answer.close)

    def _write(self, line: str) -> None:
        if self._log is not None:
            os.write(self._log, line.encode())


def _certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(AUTHORITY.with_name("server.pem"))
    return context


def _json(value: object) -> HttpResponse:
    return HttpResponse(200, orjson.dumps(value))


def _completion(call: Call, answer: Answer) -> dict[str, Any]:
    if call.path == _EMBEDDINGS:
        return {**_embeddings(call), **answer.whole}
    chat = call.path.endswith("/chat/completions")
    asked = _tokens(call.raw.decode(errors="replace"))
    said = _tokens(answer.text)
    choice: dict[str, Any] = {"index": 0, "finish_reason": answer.finish}
    if chat:
        choice["message"] = {"role": "assistant", "content": answer.text, **answer.message}
    else:
        choice["text"] = answer.text
    return {
        "id": f"call-{call.digest[:12]}",
        "object": "chat.completion" if chat else "text_completion",
        "created": 0,
        "model": call.body.get("model", ""),
        "choices": [choice],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
        **answer.whole,
    }


def _tokens(text: str) -> int:
    return (len(text) + 3) // 4


def _embeddings(call: Call) -> dict[str, Any]:
    """Unit vectors of word counts under a hash: texts that share words are near each other."""
    coded = call.body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _coded(_vector(text)) if coded else _vector(text)}
        for index, text in enumerate(call.texts)
    ]
    used = sum(map(_tokens, call.texts))
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "model": call.body.get("model", ""), "data": data, "usage": usage}


def _coded(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _vector(text: str) -> list[float]:
    counts = [0.0] * _DIMENSIONS
    for word in text.lower().split():
        counts[hashlib.sha256(word.encode()).digest()[0] % _DIMENSIONS] += 1.0
    norm = sum(count * count for count in counts) ** 0.5
    return [count / norm for count in counts] if norm else [1.0, *counts[1:]]


@contextlib.contextmanager
def server_thread(reply: Replier = echo, **options: Any) -> Iterator[OpenAIServer]:
    """A server in a thread with its own event loop. `reply` is called there."""
    server = OpenAIServer(reply, **options)
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(done.set))
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="openai-server", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        stop[0]()
        thread.join()


@contextlib.contextmanager
def server_process(*arguments: str) -> Iterator[str]:
    """The base URL of a server in a process of its own, started with these command-line arguments."""
    command = [sys.executable, "-m", "support.openai_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1], text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["base_url"]
        finally:
            process.kill()


def _with_fault(reply: Replier, fault: str, every: int) -> Replier:
    """Every so many requests, the fault instead of the reply."""
    faults = {
        "429": failure(429, "slow down", retry_after="0.05"),
        "500": failure(500, "internal error"),
        "503": failure(503, "overloaded", retry_after="0.05"),
        "reset": Answer(fault="reset"),
        "hang": Answer(fault="hang"),
        "garbage": Answer(raw=b"<html>not json</html>", headers={"content-type": "text/html"}),
        "slow": Answer("slow", delay_s=2.0),
    }
    chosen = faults[fault]
    count = 0

    def faulty(call: Call) -> Answer | str:
        nonlocal count
        count += 1
        return chosen if count % every == 0 else reply(call)

    return faulty


def _replier(options: argparse.Namespace) -> Replier:
    reply: Replier = echo
    if options.replies:
        replies: dict[str, str] = json.loads(Path(options.replies).read_text())

        def scripted(call: Call) -> str:
            return next((text for part, text in replies.items() if part in call.raw.decode()), echo(call))

        reply = scripted
    reply = hostile(reply) if options.hostile else reply
    return _with_fault(reply, options.fault, options.fault_every) if options.fault else reply


async def _serve_forever(options: argparse.Namespace) -> None:
    server = OpenAIServer(
        _replier(options), latency_s=options.latency_ms / 1000, takes=options.takes, log=options.log, port=options.port
    )
    server.keep_calls = False
    async with server:
        sys.stdout.write(json.dumps({"base_url": server.base_url}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="an OpenAI-compatible server for tests")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--takes", type=int, help="how many calls at a time; more are pushed back")
    parser.add_argument("--hostile", action="store_true", help="a third of all calls fails, in every way")
    parser.add_argument("--log", help="file that gets a line when a request begins and when it is done")
    parser.add_argument("--replies", help="JSON file: part of a request body to the reply it gets, first wins")
    parser.add_argument("--fault", choices=["429", "500", "503", "reset", "hang", "garbage", "slow"])
    parser.add_argument("--fault-every", type=int, default=10, help="the fault hits every so many requests")
    options = parser.parse_args()
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve_forever(options))
    else:
        uvloop.run(_serve_forever(options))


if __name__ == "__main__":
    main()
