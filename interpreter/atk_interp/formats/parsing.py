"""Reading many files in their order, documents ahead and in processes of their own.

A parser of documents is a lot of C, and a file may come from anywhere: it may hang, or take its process with it. So
documents are parsed by a few worker processes (see `worker`), each of which is replaced when it ends. Texts and
records are read here, as streams.
"""

from __future__ import annotations

import os
import queue
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from atk_interp.formats.documents import CannotRead, Document, Problem
from atk_interp.formats.finding import source_of
from atk_interp.formats.packing import suffix_of
from atk_interp.formats.parsed_cache import ParsedCache
from atk_interp.formats.readers import Reading
from atk_interp.formats.worker import LENGTH_BYTES
from atk_interp.stock import project_root
from atk_interp.values import decode, encode

__all__ = ["Parsers", "cache_of_project"]

Item = Document | Problem

_MOST_WORKERS = 4
_WORTH_KEEPING_S = 0.1
"""A document that took longer is kept: all others are as quickly parsed as found in the cache."""

_GRACE_S = 5.0
"""How much longer than its alarm a worker is waited for; only one that was stopped from outside takes so long."""

_COMMAND = "from atk_interp.formats.worker import main; main()"


def cache_of_project() -> ParsedCache:
    """`.atk/parsed` in the project that the working folder belongs to."""
    return ParsedCache(project_root(Path.cwd()) / ".atk" / "parsed")


class ReadFile(Protocol):
    def __call__(
        self,
        path: Path,
        root: Path,
        required: tuple[str, ...],
        *,
        talks: bool,
        drop_running_heads: bool,
        types: Mapping[str, str] | None,
    ) -> Iterator[Item]: ...


class Parsers:
    """The workers of one reading of files below `root`. To be closed; that ends what is under way."""

    def __init__(
        self,
        root: Path,
        reading: Reading,
        limit_s: float,
        cache: ParsedCache | None = None,
        *,
        command: str = _COMMAND,
        worth_keeping_s: float = _WORTH_KEEPING_S,
    ) -> None:
        self._root = root
        self._reading = reading
        self._how = {**asdict(reading), "required": [*reading.required]}
        self._limit_s = limit_s
        self._cache = cache
        self._worth_keeping_s = worth_keeping_s
        self._count = min(_MOST_WORKERS, os.cpu_count() or 1)
        self._workers = [_Worker(command) for _ in range(self._count)]
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._threads: ThreadPoolExecutor | None = None
        self._kept = False

    def read(self, files: Iterable[Path], read_file: ReadFile, parsed: Collection[str]) -> Iterator[Iterable[Item]]:
        """The items of each file, in the order of the files.

        Those with a suffix in `parsed` go through the workers, a few files ahead of what is asked for. Raises
        `CannotRead` when a worker was interrupted with the run that it works for: no file is lost for that.
        """
        waiting: deque[Callable[[], Iterable[Item]]] = deque()
        for file in files:
            waiting.append(self._begun(file, read_file, parsed))
            if len(waiting) > 2 * self._count:
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def close(self) -> None:
        """End the workers, also those that are at work."""
        for worker in self._workers:
            worker.end()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.release()
        if self._kept and self._cache is not None:
            self._cache.prune()

    def _begun(self, file: Path, read_file: ReadFile, parsed: Collection[str]) -> Callable[[], Iterable[Item]]:
        if suffix_of(file) not in parsed:
            return lambda: read_file(file, self._root, **asdict(self._reading))
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, "atk-parse")
        future: Future[list[Item]] = self._threads.submit(self._parsed, file)
        return future.result

    def _parsed(self, file: Path) -> list[Item]:
        source = source_of(file, self._root)
        try:
            before = file.stat()
            key = self._cache.key(file, self._how) if self._cache is not None else ""
        except OSError as error:
            return [Problem(source, "", f"the file cannot be read ({error.strerror or error}); skipped")]
        found = self._cache.get(key) if self._cache is not None else None
        if found is not None:
            return _items(found, source)
        began = time.monotonic()
        worker = self._free.get()
        try:
            answer = worker.answer(self._job(file), self._limit_s)
        except _Died as died:
            return [Problem(source, "", f"{died}; skipped", "open it in a viewer and save it again")]
        finally:
            self._free.put(worker)
        if self._cache is not None and time.monotonic() - began >= self._worth_keeping_s and _is_same(file, before):
            self._cache.put(key, answer)
            self._kept = True
        return _items(answer, source)

    def _job(self, file: Path) -> bytes:
        # Names need not be text; their bytes are.
        path, root = (os.fsencode(place).hex() for place in (file, self._root))
        return encode({"path": path, "root": root, "how": self._how, "limit_s": self._limit_s}) + b"\n"


def _is_same(file: Path, before: os.stat_result) -> bool:
    with suppress(OSError):
        after = file.stat()
        return (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    return False


def _items(answer: bytes, source: str) -> list[Item]:
    found: Any = decode(answer)
    return [
        Document(source, item[1], item[0]) if len(item) == 2 else Problem(source, item[0], item[1], item[2], item[3])
        for item in found
    ]


class _Died(Exception):
    """How a worker came to its end over a document."""


class _Worker:
    """One worker process, started when there is work for it, and again when it has ended."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._starting = Lock()

    def answer(self, job: bytes, limit_s: float) -> bytes:
        """What the worker answers to a job. Raises `_Died`, and `CannotRead` when it was interrupted."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(job)
            process.stdin.flush()
            deadline = time.monotonic() + limit_s + _GRACE_S
            length = int.from_bytes(self._taken(process, LENGTH_BYTES, deadline), "big")
            return self._taken(process, length, deadline)
        except (OSError, EOFError, TimeoutError):
            raise _Died(self._reason(process, limit_s)) from None

    def end(self) -> None:
        """End the process, whatever it does, and start no other."""
        with self._starting:
            self._ended = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def release(self) -> None:
        """Close the pipes to a process that has ended. Nobody may be waiting for it."""
        for stream in (self._process.stdin, self._process.stdout) if self._process is not None else ():
            if stream is not None:
                with suppress(OSError):  # what was not written yet is not needed
                    stream.close()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._starting:
            return self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._ended:
            raise _Died("the reading was stopped")
        if self._process is None or self._process.poll() is not None:
            self.release()
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self._process = subprocess.Popen(
                [sys.executable, "-c", self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        return self._process

    def _reason(self, process: subprocess.Popen[bytes], limit_s: float) -> str:
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        process.kill()
        code = process.wait()
        if code == -signal.SIGINT:
            raise CannotRead("the reading was interrupted", "run the same command again")
        if code in (-signal.SIGALRM, -signal.SIGKILL):
            return f"it takes longer than {limit_s:g} s to read, or more memory than there is"
        return f"the parser died of it ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"

    def _taken(self, process: subprocess.Popen[bytes], count: int, deadline: float) -> bytes:
        assert process.stdout is not None
        taken = bytearray()
        number = process.stdout.fileno()
        ready = select.poll()  # not `select`, which knows no more than 1024 open files
        ready.register(number, select.POLLIN)
        while len(taken) < count:
            if not ready.poll(1000 * max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            piece = os.read(number, min(count - len(taken), 1 << 20))
            if not piece:
                raise EOFError
            taken += piece
        return bytes(taken)
