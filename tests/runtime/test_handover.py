"""A thread and an event loop hand things over in bulk: all of them, in order, and never more than are allowed."""

from __future__ import annotations

import threading

from atk_interp.runtime.handover import Handover


class Loop:
    """What an event loop does with a handover, one step at a time; `woken` is set when it should look again."""

    def __init__(self, most: int) -> None:
        self.stop = threading.Event()
        self.woken = threading.Event()
        self.wakes = 0
        self.queue = Handover[int](most, self.stop, self._wake)
        self.refused = threading.Event()

    def _wake(self) -> None:
        self.wakes += 1
        self.woken.set()

    def fed(self, count: int) -> threading.Thread:
        def feed() -> None:
            if not all(self.queue.put(number) for number in range(count)):
                self.refused.set()

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        return thread

    def taken(self) -> list[int]:
        """All that is there now."""
        found: list[int] = []
        while (thing := self.queue.take()) is not None:
            found.append(thing)
        return found


def test_everything_arrives_in_order() -> None:
    loop = Loop(most=8)
    thread = loop.fed(5000)
    found: list[int] = []
    while len(found) < 5000:
        assert loop.woken.wait(10)
        loop.woken.clear()
        found += loop.taken()
    thread.join(10)
    assert found == list(range(5000))


def test_never_more_than_are_allowed_wait() -> None:
    loop = Loop(most=4)
    loop.fed(100)
    assert loop.woken.wait(10)
    while len(loop.queue) < 4:
        continue
    assert loop.queue.take() == 0
    assert len(loop.queue) <= 4


def test_a_loop_that_has_enough_is_not_woken() -> None:
    loop = Loop(most=100)
    loop.fed(50).join(10)
    assert loop.wakes == 1
    assert loop.queue.take() == 0
    loop.fed(10).join(10)
    assert loop.wakes == 1  # it has found something, and will come again
    assert len(loop.taken()) == 59
    loop.fed(1).join(10)
    assert loop.wakes == 2


def test_a_thread_that_waits_for_room_ends_when_all_stops() -> None:
    loop = Loop(most=2)
    thread = loop.fed(10)
    assert loop.woken.wait(10)
    loop.stop.set()
    thread.join(10)
    assert loop.refused.is_set()
