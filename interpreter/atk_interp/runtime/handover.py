"""From a thread to the event loop, in bulk: neither waits for the other more often than it must."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Handover"]

T = TypeVar("T")

_LOOK_S = 0.2
"""How often a thread that waits looks whether it should stop."""


class Handover(Generic[T]):
    """A bounded queue of one thread that puts and one event loop that takes.

    The thread waits while it is full, until half of it has been taken. The loop never waits: when it finds nothing,
    `wake` is called for the next thing that is put, in the thread that puts it.
    """

    def __init__(self, most: int, stop: threading.Event, wake: Callable[[], None]) -> None:
        self._most = most
        self._stop = stop
        self._wake = wake
        self._things: deque[T] = deque()
        self._room = threading.Event()
        self._hungry = True

    def __len__(self) -> int:
        """How many things wait to be taken."""
        return len(self._things)

    def put(self, thing: T) -> bool:
        """Hand something over; False when we should stop."""
        while len(self._things) >= self._most:
            self._room.clear()
            # Between the two lines above it may have been emptied, and nobody takes anything any more.
            if len(self._things) >= self._most:
                self._room.wait(_LOOK_S)
            if self._stop.is_set():
                return False
        if self._stop.is_set():
            return False
        self._things.append(thing)
        if self._hungry:
            self._hungry = False
            self._wake()
        return True

    def take(self) -> T | None:
        """The next thing, if there is one."""
        things = self._things
        if not things:
            self._hungry = True
            if not things:  # put before it was seen that we are hungry
                return None
        thing = things.popleft()
        if 2 * len(things) <= self._most and not self._room.is_set():
            self._room.set()
        return thing
