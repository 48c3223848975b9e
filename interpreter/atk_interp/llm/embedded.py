"""A small real model in this process: no key, no network, no server to start. The only door to xllamacpp.

The engine is xllamacpp (MIT), a build of llama.cpp; the weights are SmolLM2-135M-Instruct (Apache-2.0), see
`model_file`. The engine is loaded at the first call and once per process, however many clients there are.

The same request always brings the same reply: there is one slot, calls run one after another, the seed is drawn
from the request where it names none, and no call starts from what another left in the slot. Reusing that would
change the shapes of the matrix products and with them the last bits of the numbers. Only a prompt's unchanging
beginning (all messages but the last, so the few-shot pairs) is kept: computed alone, saved, and put back before
each call, which makes it the same bytes every time and saves most of the work of a few-shot prompt.

Grammars: `sampling["grammar"]` holds an LLGuidance grammar (Lark dialect, rule `start`), with or without its header
line `%llguidance {}`, or a GBNF one (rule `root`). The engine ignores an LLGuidance grammar that it cannot read
without a word, so the reply is parsed all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import importlib
import json
import os
import re
import secrets
import shutil
import socket
import tempfile
import threading
import time
import urllib.parse
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from atk_interp.llm.messages import EndpointDown, EndpointRefused, Message, Reply, Request, Usage
from atk_interp.llm.model_file import model_path
from atk_interp.llm.processor import check_processor
from atk_interp.values import Value, content_hash

__all__ = ["CONTEXT_TOKENS", "EMBEDDED_MODEL", "EmbeddedClient", "llguidance"]

EMBEDDED_MODEL = "smollm2-135m-instruct-q4_1"
"""The model's name, in requests (so in call keys) and replies."""

CONTEXT_TOKENS = 4096
"""Room for prompt and reply together. The model could take 8192, at twice the memory; prompts cost 4 ms a token."""

_DEFAULT_MAX_TOKENS = 1024
_PREFIX_MIN_CHARACTERS = 200
_PREFIX_STORE_BYTES = 200_000_000
_THREADS_AT_MOST = 4
_ELSEWHERE = "or name an endpoint under `models:` in the config"

Say = Callable[[str], None]


def llguidance(grammar: str) -> str:
    """A grammar as the engine wants it: LLGuidance ones get their header, GBNF ones stay as they are."""
    if grammar.lstrip().startswith("%llguidance") or not re.search(r"^\s*start\s*:", grammar, re.MULTILINE):
        return grammar
    return "%llguidance {}\n" + grammar


class EmbeddedClient:
    """Answers requests with the embedded model, one at a time, in a thread of its own.

    All instances share one engine. Cancelling a call that waits takes it from the queue; cancelling the running
    one ends it within a second. `say` is told of a fetch of the model.
    """

    def __init__(self, say: Say = lambda line: None) -> None:
        self._say = say

    async def complete(self, request: Request) -> Reply:
        call = _Call(request, self._say)
        try:
            return await asyncio.wrap_future(_worker.submit(call.run))
        except asyncio.CancelledError:
            call.abort()
            raise

    async def aclose(self) -> None:
        """Nothing to release: the engine stays for other clients, until the process ends."""


_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-model")
"""The queue, and the lock: whatever touches the engine runs in this one thread."""


class _Call:
    """One request on its way through the engine; `run` in the worker, `abort` from anywhere."""

    def __init__(self, request: Request, say: Say) -> None:
        self._request = request
        self._say = say
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._aborted = False

    def run(self) -> Reply:
        if self._aborted:
            raise EndpointDown("the call was cancelled", "embedded")
        engine = _engine(self._say)
        request = self._request
        body = _engine_body(request)
        started = time.perf_counter()
        if request.prompt is None:
            prefix = request.messages[:-1]
            if sum(len(message.content) for message in prefix) >= _PREFIX_MIN_CHARACTERS:
                engine.restore_prefix(prefix, self._post)
                body["cache_prompt"] = True
            answer = self._post(engine, "/v1/chat/completions", body)
        else:
            answer = self._post(engine, "/v1/completions", body)
        return _reply(answer, time.perf_counter() - started)

    def abort(self) -> None:
        """Hang up; the engine stops generating when it sees that no one listens."""
        with self._lock:
            self._aborted = True
            if self._connection is not None and self._connection.sock is not None:
                with contextlib.suppress(OSError):
                    self._connection.sock.shutdown(socket.SHUT_RDWR)

    def _post(self, engine: _Engine, path: str, body: Mapping[str, Value]) -> dict[str, Any]:
        # A connection per call: the engine's server drops idle ones without a word.
        connection = http.client.HTTPConnection(engine.host, engine.port)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {engine.api_key}"}
        try:
            connection.connect()
            with self._lock:
                if self._aborted:
                    raise EndpointDown("the call was cancelled", "embedded")
                self._connection = connection
            connection.request("POST", path, json.dumps(body).encode(), headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EndpointDown(f"the embedded model did not answer: {error}", "embedded") from None
        finally:
            with self._lock:
                self._connection = None
            connection.close()
        if "error" in answer:
            raise _refusal(answer["error"])
        return answer


_Post = Callable[["_Engine", str, Mapping[str, Value]], dict[str, Any]]


class _Engine:
    """The loaded model and the beginnings of prompts that it has saved. Used by the worker thread alone."""

    def __init__(self, library: Any, path: Path) -> None:
        self.api_key = secrets.token_hex(16)
        self._folder = tempfile.mkdtemp(prefix="atk-embedded-")
        self._saved: OrderedDict[str, int] = OrderedDict()
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._server = library.Server(self._parameters(library, path))
        address = urllib.parse.urlsplit(self._server.listening_address)
        self.host, self.port = address.hostname or "127.0.0.1", address.port

    def _parameters(self, library: Any, path: Path) -> Any:
        parameters = library.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx = CONTEXT_TOKENS
        parameters.n_parallel = 1
        parameters.verbosity = -1
        parameters.warmup = False
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = _threads()
        # The engine opens a port on this machine whether wanted or not: no pages, no other origin, a secret key.
        parameters.ui = False
        parameters.cors_origins = ""
        parameters.api_keys = [self.api_key]
        # Its own prompt cache depends on the order of calls; see the module's docstring.
        parameters.cache_ram_mib = 0
        parameters.slot_save_path = self._folder + os.sep
        return parameters

    def restore_prefix(self, messages: tuple[Message, ...], post: _Post) -> None:
        """Make the slot hold these messages and nothing else, by the same bytes each time."""
        name = content_hash("prefix", [message.as_json() for message in messages])[-40:] + ".slot"
        if name not in self._saved:
            body: dict[str, Value] = {"messages": [message.as_json() for message in messages]}
            body.update(max_tokens=0, temperature=0, cache_prompt=False, add_generation_prompt=False)
            post(self, "/v1/chat/completions", body)
            written = post(self, "/slots/0?action=save", {"filename": name})
            self._saved[name] = int(written["n_written"])
        self._saved.move_to_end(name)
        post(self, "/slots/0?action=restore", {"filename": name})
        while len(self._saved) > 1 and sum(self._saved.values()) > _PREFIX_STORE_BYTES:
            oldest, _ = self._saved.popitem(last=False)
            (Path(self._folder) / oldest).unlink(missing_ok=True)


_loaded: list[_Engine] = []


def _engine(say: Say) -> _Engine:
    """The engine of this process, loaded if need be (0.5 to 2 s). Only the worker thread comes here."""
    if not _loaded:
        check_processor()
        library = _library()
        path = model_path(say=say)
        try:
            _loaded.append(_Engine(library, path))
        except (RuntimeError, ValueError, OSError) as error:
            raise EndpointRefused(f"the embedded model cannot be loaded: {error}", "embedded", _ELSEWHERE[3:]) from None
    return _loaded[0]


def _library() -> Any:
    # The engine's threads wait for each other thousands of times a token. Sleeping at once halves its speed, and
    # spinning for long starves it and all else on a busy machine (measured on two cores: 2.1, 0.9 and 4.4 s a call).
    # OpenMP reads this when it is loaded, so an engine that another library has loaded before keeps its ways.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    try:
        return importlib.import_module("xllamacpp")
    except (ImportError, OSError) as error:
        help = (
            f"install the package `xllamacpp` (and on a slim Linux image the system package `libgomp1`), {_ELSEWHERE}"
        )
        raise EndpointRefused(f"the embedded model's engine cannot be loaded: {error}", "embedded", help) from None


def _threads() -> int:
    """Processor cores to use: what this process may, but few, as so small a model gains nothing from many."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_THREADS_AT_MOST, allowed)


def _engine_body(request: Request) -> dict[str, Value]:
    """The request's body with what makes the reply a function of the request."""
    body = request.body()
    body.setdefault("max_tokens", _DEFAULT_MAX_TOKENS)
    body["seed"] = _seed(request)
    body["cache_prompt"] = False
    grammar = body.get("grammar")
    if isinstance(grammar, str):
        body["grammar"] = llguidance(grammar)
    return body


def _seed(request: Request) -> int:
    """The request's own seed for its first sample and attempt; else one drawn from all that tells calls apart."""
    given = request.sampling.get("seed")
    if isinstance(given, int) and not isinstance(given, bool) and request.sample == request.attempt == 0:
        return given
    return int.from_bytes(hashlib.sha256(request.key().encode()).digest()[:4], "big") >> 1


def _reply(answer: dict[str, Any], seconds: float) -> Reply:
    choice = answer["choices"][0]
    text = choice["text"] if "text" in choice else choice["message"].get("content")
    usage = answer.get("usage") or {}
    return Reply(
        text=text or "",
        finish=choice.get("finish_reason") or "stop",
        usage=Usage(int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))),
        model=EMBEDDED_MODEL,
        seconds=seconds,
    )


def _refusal(error: Mapping[str, Any]) -> EndpointDown | EndpointRefused:
    message = str(error.get("message", "unknown error"))
    if error.get("type") == "exceed_context_size_error":
        told = f"the prompt has {error.get('n_prompt_tokens')} tokens, and the embedded model takes {CONTEXT_TOKENS}"
        return EndpointRefused(told, "embedded", f"make `chunk_tokens` smaller, {_ELSEWHERE}")
    if 400 <= int(error.get("code", 500)) < 500:
        help = f"correct the step's `sampling`, {_ELSEWHERE}"
        return EndpointRefused(f"the embedded model refuses the request: {message}", "embedded", help)
    return EndpointDown(f"the embedded model failed: {message}", "embedded")
