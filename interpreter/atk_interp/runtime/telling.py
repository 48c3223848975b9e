"""Telling what happens in a run: events to listeners and the log, and how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from atk_interp.runtime.books import Books
from atk_interp.runtime.event_log import EventLog
from atk_interp.runtime.events import (
    CallFinished,
    Event,
    Listener,
    Progressed,
    StepFinished,
    StepStarted,
    StepState,
)
from atk_interp.runtime.health import Health
from atk_interp.runtime.progress import set_progress
from atk_interp.runtime.repeated import Repeated
from atk_interp.runtime.spending import Spending

__all__ = ["Teller"]

_TELL_EVERY_S = 0.1


class Teller:
    """Hands events on, in the order in which they happen, from the loop in which it was made."""

    def __init__(
        self, books: Books, spending: Spending, log: EventLog, listeners: Sequence[Listener], task_id: str | None
    ) -> None:
        self._books = books
        self._spending = spending
        self._log = log
        self._listeners = listeners
        self._task_id = task_id
        self._loop = asyncio.get_running_loop()
        self._told = 0.0
        self._begun: set[str] = set()
        self._finished: set[str] = set()
        self.repeated = Repeated()
        self.health = Health({})
        self.fraction = 0.0
        """How much of the run is done, as it was told last."""

    def emit(self, event: Event) -> None:
        """Tell an event; from any thread."""
        try:
            running = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            running = False
        if running:
            self.deliver(event)
        else:
            self._loop.call_soon_threadsafe(self.deliver, event)

    def deliver(self, event: Event) -> None:
        """Tell an event at once. From the loop."""
        if isinstance(event, CallFinished):
            self._spending.add(event)
        elif not isinstance(event, Progressed):
            self._log.write(event, self.repeated.add(event))
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a broken display must not cost a run
                continue

    async def tick(self) -> None:
        """Tell how far the run is, again and again, until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            for event in self.health.changes():
                self.deliver(event)
            self.tell()
            self._log.flush()

    def tell(self, force: bool = False) -> None:
        """Tell how far the run is, at most ten times a second. From the loop."""
        now = time.monotonic()
        if not force and now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        self.fraction = max(self.fraction, min(0.999, self._books.fraction()))
        states = self._books.states()
        for state in states:
            if (state.rows_in or state.rows_out) and state.name not in self._begun:
                self._begun.add(state.name)
                self.deliver(StepStarted(state.name, state.kind))
        self.deliver(self.progressed(self.fraction, states))
        for state in states:
            if state.finished and state.name not in self._finished:
                self._finished.add(state.name)
                self.deliver(StepFinished(state))
                set_progress(self._task_id, self.fraction, f"step {state.name} is done")
        set_progress(self._task_id, self.fraction, _doing(states))

    def progressed(self, fraction: float, states: list[StepState]) -> Progressed:
        """How far the run is, with what was paid and how the endpoints are."""
        return Progressed(fraction, states, self._spending.paid_by_step(), self.health.states())


def _doing(states: list[StepState]) -> str:
    busy = [state for state in states if not state.finished and state.rows_in]
    return (
        f"step {busy[0].name}: {busy[0].passed} of {busy[0].rows_in} row{'s' if busy[0].rows_in != 1 else ''}"
        if busy
        else "working"
    )
