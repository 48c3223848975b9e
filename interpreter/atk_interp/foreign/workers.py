"""A few processes that run one function of a user's, and how their failures are told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from atk_interp.foreign.errors import CannotLoad, Failed, Interrupted, PythonRefused
from atk_interp.foreign.function import Function
from atk_interp.foreign.interruption import watched
from atk_interp.foreign.refusal import REFUSED_HELP, is_refused
from atk_interp.records import dataclass
from atk_interp.values import Value, decode, encode

__all__ = ["Workers"]

_LOAD_S = 300.0
"""How long a user's file may take to be imported: it may import much."""
_GRACE_S = 5.0
"""How long after its time a coroutine may go on before its process is taken to be stuck."""
_MOST = 4
_ROOT = str(Path(__file__).resolve().parents[2])
_START = f"import sys; sys.path.append({_ROOT!r}); from atk_interp.foreign.worker import main; main()"


class _Ended(Exception):
    """The process has ended in the midst of a call."""


@dataclass(slots=True, eq=False)
class _Call:
    args: Sequence[Value]
    kwargs: Mapping[str, Value]
    future: Future[Value]
    process: _Process | None = None
    is_given_up: bool = False

    def begun(self, process: _Process) -> None:
        """It is about to be made in a process."""
        self.process = process
        if self.is_given_up:
            process.kill()

    def give_up(self) -> None:
        """End it: its process, if it is in one. Either this sees the process, or `begun` that it is given up."""
        self.is_given_up = True
        if not self.future.cancel() and self.process is not None:
            self.process.kill()


class Workers:
    """Runs a function in processes of its own, started when they are needed and ended with this object.

    A plain function runs in up to four processes, one call at a time in each. A coroutine function runs in the event
    loop of one process, any number of calls at a time. A call during which its process ends is made once more, in a
    process where no other call runs, and has failed when that ends as well. `timeout_s` is for one call; a process
    whose call takes longer is ended. Safe for threads.
    """

    def __init__(self, function: Function, timeout_s: float) -> None:
        self.function = function
        self.timeout_s = timeout_s
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._processes: list[_Process] = []
        self._threads = 0
        self._lock = threading.Lock()
        self._shared: _Shared | None = None
        self._end = weakref.finalize(self, _end, self._processes, self._calls)

    def call(self, *args: Value, **kwargs: Value) -> Value:
        """What the function gives. Raises `Failed`, `CannotLoad`, `PythonRefused`, `Interrupted`. Blocking.

        When the `Interruption` that was entered is stopped, the process is ended, and another one takes the next call.
        """
        call = self._submitted(args, kwargs)
        with watched(call.give_up):
            try:
                return call.future.result()
            except CancelledError:
                raise Interrupted from None

    async def acall(self, *args: Value, **kwargs: Value) -> Value:
        """As `call`, awaited."""
        if not self.function.is_async:
            return await asyncio.wrap_future(self._submitted(args, kwargs).future)
        try:
            return await self._ask_shared(args, kwargs)
        except _Ended:
            return await asyncio.wrap_future(self._submitted(args, kwargs).future)

    def close(self) -> None:
        """End the processes, whatever they do."""
        self._end()

    async def _ask_shared(self, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
        with self._lock:
            shared = self._shared
            if shared is None or shared.is_over:
                shared = self._shared = _Shared(self.function, self._processes)
        return await shared.ask(args, kwargs, self.timeout_s)

    def _submitted(self, args: Sequence[Value], kwargs: Mapping[str, Value]) -> _Call:
        call = _Call(args, kwargs, Future())
        with self._lock:
            if self._threads < min(_MOST, os.cpu_count() or 1):
                self._threads += 1
                given = (self.function, self.timeout_s, self._calls, self._processes)
                # A daemon: a function that does not come back must not keep the program from ending.
                threading.Thread(target=_work, args=given, name="atk-python", daemon=True).start()
        self._calls.put(call)
        return call


def _end(processes: list[_Process], calls: queue.SimpleQueue[_Call | None]) -> None:
    for _ in range(_MOST):
        calls.put(None)
    for process in list(processes):
        process.kill()


def _work(
    function: Function, timeout_s: float, calls: queue.SimpleQueue[_Call | None], processes: list[_Process]
) -> None:
    """Make calls in a process of one's own, one after the other, until there are no more."""
    process: _Process | None = None
    while (call := calls.get()) is not None:
        if not call.future.set_running_or_notify_cancel():
            continue
        try:
            for again in (True, False):
                try:
                    process = process if process is not None else _Process(function, processes, call.begun)
                    call.begun(process)
                    value = process.ask(call.args, call.kwargs, timeout_s)
                    break
                except _Ended as error:
                    process = None
                    if call.is_given_up:
                        raise Interrupted from None
                    if not again:
                        raise Failed(f"it ended the process in which it ran, twice: {error}") from None
        except BaseException as error:  # noqa: BLE001 - it is for whoever waits for the call
            if process is not None and process.is_over:
                process = None
            call.future.set_exception(Interrupted() if call.is_given_up else error)
        else:
            call.future.set_result(value)
    if process is not None:
        process.close()


class _Process:
    """One process with the function loaded. For one thread at a time, but for `kill`. Raises `CannotLoad`."""

    def __init__(
        self,
        function: Function,
        processes: list[_Process],
        begun: Callable[[_Process], None] = lambda _: None,
    ) -> None:
        if is_refused():
            raise PythonRefused(f"`{function.reference}` may not run: Python is refused", REFUSED_HELP)
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": "0"},  # sets have one order, in every process and run
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._to: BinaryIO = self._popen.stdin  # type: ignore[assignment]
        self._from: BinaryIO = self._popen.stdout  # type: ignore[assignment]
        self._unread = bytearray()
        self._processes = processes
        processes.append(self)
        begun(self)
        modules = {name: asdict(module) for name, module in function.modules.items()}
        try:
            self.send({"modules": modules, "module": function.module, "name": function.name})
            answer = self.answer(_LOAD_S)
        except _Ended as error:
            raise CannotLoad(f"`{function.reference}` cannot be loaded: {error}") from None
        if answer is None:
            self.close()
            raise CannotLoad(f"`{function.reference}` cannot be loaded: it took longer than {_LOAD_S:g} s")
        if "failed" in answer:
            self.close()
            raise CannotLoad(f"`{function.reference}` cannot be loaded: {answer['failed']}")

    @property
    def is_over(self) -> bool:
        return self._popen.returncode is not None

    def ask(self, args: Sequence[Value], kwargs: Mapping[str, Value], timeout_s: float) -> Value:
        """The result of one call. Raises `Failed`, `_Ended`."""
        self.send({"id": 0, "args": list(args), "kwargs": dict(kwargs), "timeout": timeout_s})
        answer = self.answer(timeout_s)
        if answer is None:
            self.close()
            raise Failed(f"it took longer than {timeout_s:g} s")
        if "error" in answer:
            raise Failed(answer["error"])
        value: Value = answer["value"]
        return value

    def send(self, message: Mapping[str, Any]) -> None:
        data = encode(message)
        try:
            self._to.write(len(data).to_bytes(4, "big") + data)
            self._to.flush()
        except (BrokenPipeError, ValueError):
            raise _Ended(self._how()) from None

    def answer(self, timeout_s: float | None) -> dict[str, Any] | None:
        """The next message; None when it does not come in time. Raises `_Ended`."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(self._from.fileno(), select.POLLIN)
        while True:
            if len(self._unread) >= 4:
                end = 4 + int.from_bytes(self._unread[:4], "big")
                if len(self._unread) >= end:
                    found: Any = decode(bytes(self._unread[4:end]))
                    del self._unread[:end]
                    return dict(found)
            left = None if until is None else until - time.monotonic()
            if left is not None and (left <= 0 or not poll.poll(left * 1000)):
                return None
            data = os.read(self._from.fileno(), 1 << 20)
            if not data:
                raise _Ended(self._how())
            self._unread += data

    def kill(self) -> None:
        """End it. From any thread; whoever talks with it closes its pipes."""
        self._popen.kill()
        self._popen.wait()

    def close(self) -> None:
        """End it, and be through with it."""
        self._popen.kill()
        self._how()

    def _how(self) -> str:
        """How the process has ended. It is waited for, and its pipes are closed."""
        code = self._popen.wait()
        with contextlib.suppress(ValueError):
            self._processes.remove(self)
        for stream in (self._to, self._from):
            with contextlib.suppress(OSError, ValueError):
                stream.close()
        if code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"


class _Shared:
    """One process for many calls at a time of a coroutine function. A thread takes its answers."""

    def __init__(self, function: Function, processes: list[_Process]) -> None:
        self.is_over = False
        self._function = function
        self._processes = processes
        self._waiting: dict[int, Future[Value]] = {}
        self._lock = threading.Lock()
        self._number = 0
        self._process: Future[_Process] = Future()
        threading.Thread(target=self._listen, name="atk-python", daemon=True).start()

    async def ask(self, args: Sequence[Value], kwargs: Mapping[str, Value], timeout_s: float) -> Value:
        """The result of one call. Raises `Failed`, `CannotLoad`, `_Ended`."""
        process = await asyncio.shield(asyncio.wrap_future(self._process))
        future: Future[Value] = Future()
        with self._lock:
            if self.is_over:
                raise _Ended
            self._number += 1
            number = self._number
            self._waiting[number] = future
            process.send({"id": number, "args": list(args), "kwargs": dict(kwargs), "timeout": timeout_s})
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), timeout_s + _GRACE_S)
        except TimeoutError:
            process.kill()  # a call holds up its event loop: which one, a process for each will tell
            raise _Ended from None
        finally:
            self._waiting.pop(number, None)

    def _listen(self) -> None:
        try:
            process = _Process(self._function, self._processes)
        except BaseException as error:  # noqa: BLE001 - it is for whoever waits for the process
            self.is_over = True
            self._process.set_exception(error)
            return
        self._process.set_result(process)
        try:
            while True:
                answer = process.answer(None)
                assert answer is not None
                future = self._waiting.pop(answer["id"], None)
                if future is None or not future.set_running_or_notify_cancel():
                    continue
                if "error" in answer:
                    future.set_exception(Failed(answer["error"]))
                else:
                    future.set_result(answer["value"])
        except (_Ended, OSError, ValueError):
            with self._lock:
                self.is_over = True
                waiting = list(self._waiting.values())
            for future in waiting:
                if future.set_running_or_notify_cancel():
                    future.set_exception(_Ended())
