"""The process in which users' functions run: a loop that reads calls from its input and writes results.

Messages are JSON after four bytes with their length. The first one says what to load; after it come calls. What the
functions print goes to the error output. The process ends when its input does, whatever a function is doing.
"""

from __future__ import annotations

import asyncio
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, BinaryIO

from atk_interp.values import decode, encode

__all__ = ["main", "read_message", "write_message"]

_MOST_TOLD = 300


def read_message(stream: BinaryIO) -> Any:
    """The next message; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    data = stream.read(int.from_bytes(head, "big"))
    return decode(data) if len(data) == int.from_bytes(head, "big") else None


def write_message(stream: BinaryIO, data: bytes) -> None:
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that were handed over, before any other of the same name."""

    def __init__(self, modules: Mapping[str, Mapping[str, Any]]) -> None:
        self.modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        known = self.modules.get(fullname)
        if known is None:
            return None
        spec = importlib.machinery.ModuleSpec(
            fullname, self, origin=known["path"], is_package=bool(known["is_package"])
        )
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        known = self.modules[module.__name__]
        text: str = known["text"]
        linecache.cache[known["path"]] = (len(text), None, text.splitlines(keepends=True), known["path"])
        exec(compile(text, known["path"], "exec", dont_inherit=True), module.__dict__)


class _Host:
    """The loaded function, and how its results and failures are told."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self.shown = {module["path"]: module["shown"] for module in setup["modules"].values()}
        sys.meta_path.insert(0, _Finder(setup["modules"]))
        module = importlib.import_module(setup["module"])
        self.function: Callable[..., Any] = getattr(module, setup["name"])
        if not callable(self.function):
            raise TypeError(f"`{setup['name']}` is a `{type(self.function).__name__}`, which cannot be called")

    def failure(self, error: BaseException) -> str:
        return told(error, self.shown)

    def result(self, number: int, value: Any) -> bytes:
        try:
            return encode({"id": number, "value": value})
        except TypeError as error:
            return encode({"id": number, "error": f"its result is not JSON: {error}"})


def told(error: BaseException, shown: Mapping[str, str]) -> str:
    """What went wrong, with the last place in the user's files."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file in shown:
            place = f"{shown[file]}:{trace.tb_lineno}: "
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename is not None and error.filename in shown:
        place = f"{shown[error.filename]}:{error.lineno}: "
    said = " ".join(str(error).split())[:_MOST_TOLD]
    return f"{place}{type(error).__name__}{': ' if said else ''}{said}".encode("utf-8", "replace").decode()


def main() -> None:
    """Serve calls until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program, which ends this process when it wants to
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what functions print must not stand among the results
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    setup = read_message(source)
    if setup is None:
        return
    try:
        host = _Host(setup)
    except BaseException as error:  # noqa: BLE001 - told to the process that asked
        paths = {module["path"]: module["shown"] for module in setup["modules"].values()}
        write_message(target, encode({"failed": told(error, paths)}))
        return
    is_async = asyncio.iscoroutinefunction(host.function)
    write_message(target, encode({"ready": True}))
    (_serve_async if is_async else _serve)(host, source, target)


def _serve(host: _Host, source: BinaryIO, target: BinaryIO) -> None:
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, calls.put), daemon=True).start()
    while True:
        call = calls.get()
        try:
            answer = host.result(call["id"], host.function(*call["args"], **call["kwargs"]))
        except Exception as error:  # noqa: BLE001 - told to the process that asked
            answer = encode({"id": call["id"], "error": host.failure(error)})
        write_message(target, answer)


def _serve_async(host: _Host, source: BinaryIO, target: BinaryIO) -> None:
    async def answer(call: Mapping[str, Any]) -> None:
        limit = asyncio.timeout(call["timeout"])
        try:
            async with limit:
                made = host.result(call["id"], await host.function(*call["args"], **call["kwargs"]))
        except Exception as error:  # noqa: BLE001 - told to the process that asked
            late = f"it took longer than {call['timeout']:g} s"
            made = encode({"id": call["id"], "error": late if limit.expired() else host.failure(error)})
        write_message(target, made)

    async def serve() -> None:
        loop, running = asyncio.get_running_loop(), set[asyncio.Task[None]]()

        def begin(call: Mapping[str, Any]) -> None:
            task = loop.create_task(answer(call))
            running.add(task)
            task.add_done_callback(running.discard)

        listening = threading.Thread(
            target=_listen, args=(source, lambda call: loop.call_soon_threadsafe(begin, call)), daemon=True
        )
        listening.start()
        await asyncio.Event().wait()

    asyncio.run(serve())


def _listen(source: BinaryIO, take: Callable[[Any], object]) -> None:
    """Hand over the calls as they come; end the process when there are no more."""
    while (call := read_message(source)) is not None:
        take(call)
    os._exit(0)
