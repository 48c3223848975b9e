"""The end of a run for calls that it waits for: whoever waits is let go, and what hangs is ended.

A run enters an `Interruption`; calls that are waited for in its tasks and threads find it there. Several runs in one
process have one each.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from atk_interp.foreign.errors import Interrupted

__all__ = ["Interruption", "watched"]


class Interruption:
    """Not interrupted until `stop` is called, and then for good. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watching: list[Callable[[], None]] = []
        self._is_stopped = False

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """What is begun within, and the tasks made within, are interrupted by this one.

        A thread is, when it runs in a copy of the context (`asyncio.to_thread`, `copy_context().run`).
        """
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def stop(self) -> None:
        """End all calls that are waited for, and those that are still to come."""
        with self._lock:
            self._is_stopped = True
            watching = [*self._watching]
        for give_up in watching:
            give_up()

    @contextlib.contextmanager
    def watching(self, give_up: Callable[[], None]) -> Iterator[None]:
        """`give_up` is called, from any thread, when all is stopped meanwhile. Raises `Interrupted` if it has been."""
        with self._lock:
            if self._is_stopped:
                raise Interrupted
            self._watching.append(give_up)
        try:
            yield
        finally:
            with self._lock:
                self._watching.remove(give_up)


_CURRENT: ContextVar[Interruption | None] = ContextVar("atk-interruption", default=None)


def watched(give_up: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """As `Interruption.watching`, of the one that is entered; nothing where there is none."""
    current = _CURRENT.get()
    return contextlib.nullcontext() if current is None else current.watching(give_up)
