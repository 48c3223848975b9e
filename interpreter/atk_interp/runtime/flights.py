"""Work that is under way once, for however many ask for it, and that can be called off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import field
from typing import Any, Generic, TypeVar

from atk_interp.records import dataclass

__all__ = ["Carriers", "Flights", "Halted"]

T = TypeVar("T")

Carriers = set["asyncio.Task[Any]"]
"""Tasks that are cancelled only when all is given up. What they ask for needs no task of its own."""


class Halted(Exception):
    """The run is ending: no further call is made."""


@dataclass(slots=True, eq=False)
class _Flight(Generic[T]):
    """`task` does the work; `landing` is what others wait for, made for the first of them."""

    task: asyncio.Task[Any] | None = None
    landing: asyncio.Future[T] | None = None
    called_off: bool = field(default=False)

    def landed(self) -> asyncio.Future[T]:
        if self.landing is None:
            self.landing = asyncio.get_running_loop().create_future()
        return self.landing


class Flights(Generic[T]):
    """What is under way, by key. One event loop; many tasks.

    Whoever asks and is cancelled does not take the work with it: it is done in a task of its own. For a task among
    `carriers` that would be a second task for nothing; it does the work itself.
    """

    def __init__(self) -> None:
        self.carriers: Carriers = set()
        self._under_way: dict[str, _Flight[T]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._under_way

    async def ask(self, key: str, work: Callable[[], Coroutine[Any, Any, T]], late: Callable[[T], None]) -> T:
        """What comes of the work, or of that of somebody who asked before. Raises what it raises.

        Raises `Halted` when it was called off. When who has brought the work is cancelled, `late` is told what came
        of it all the same.
        """
        flight = self._under_way.get(key)
        if flight is not None:
            return await asyncio.shield(flight.landed())
        flight = self._under_way[key] = _Flight()
        own = asyncio.current_task()
        if own in self.carriers:
            flight.task = own
            return await self._fly(key, flight, work)
        landing = flight.landed()
        flight.task = asyncio.create_task(self._told(key, flight, work))
        flight.task.add_done_callback(lambda _: self._gone(key, flight))
        try:
            return await asyncio.shield(landing)
        except asyncio.CancelledError:
            landing.add_done_callback(lambda landed: None if landed.exception() is not None else late(landed.result()))
            raise

    def call_off(self, spares: Callable[[str], bool]) -> None:
        """Cancel what is under way, but for some keys and for what the caller does itself."""
        own = asyncio.current_task()
        for key, flight in list(self._under_way.items()):
            if flight.task is not own and not spares(key):
                _call_off(flight)

    async def drain(self, patience_s: float) -> None:
        """Wait for what is under way; call off what takes longer."""
        if not self._under_way:
            return
        under_way = {flight.landed(): flight for flight in self._under_way.values()}
        # With no patience at all they still get the tick in which a cancellation arrives.
        _, late = await asyncio.wait(under_way, timeout=patience_s)
        for landing in late:
            _call_off(under_way[landing])
        await asyncio.gather(*late, return_exceptions=True)

    async def _told(self, key: str, flight: _Flight[T], work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        """The work in a task of its own: who asked hears of it by the landing."""
        try:
            await self._fly(key, flight, work)
        except Exception:  # noqa: BLE001 - not swallowed: it is what the landing holds
            return

    async def _fly(self, key: str, flight: _Flight[T], work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            result = await work()
        except BaseException as error:
            told = error
            if isinstance(error, asyncio.CancelledError):
                told = Halted()
                if flight.called_off and flight.task is not None and not flight.task.uncancel():
                    _land(flight, told)
                    raise told from None
            _land(flight, told)
            raise
        else:
            if flight.landing is not None and not flight.landing.done():
                flight.landing.set_result(result)
            return result
        finally:
            self._forget(key, flight)

    def _gone(self, key: str, flight: _Flight[T]) -> None:
        """A task of its own is over; one that was cancelled before it began has told nobody."""
        _land(flight, Halted())
        self._forget(key, flight)

    def _forget(self, key: str, flight: _Flight[T]) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]


def _call_off(flight: _Flight[T]) -> None:
    if flight.task is not None and not flight.called_off:
        flight.called_off = True
        flight.task.cancel()


def _land(flight: _Flight[T], error: BaseException) -> None:
    landing = flight.landing
    if landing is not None and not landing.done():
        landing.set_exception(error)
        landing.exception()  # noted, also when nobody waits for it any more
