"""What a run looks like while it goes on: a live screen on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from atk_interp.cli.output import notice
from atk_interp.cli.progress import Pace, View, line, lost, screen
from atk_interp.cli.summary import NOTICES_SHOWN
from atk_interp.printable import printable
from atk_interp.runtime.events import Event, Noted, Paused, Progressed, Resumed, StepFinished, StepState, Waited
from atk_interp.runtime.repeated import Repeated

__all__ = ["Display", "display"]

_PLAIN_EVERY_S = 5.0
_STYLES = {"head": "bold", "done": "green", "warn": "yellow", "dim": "dim"}


class Display(Protocol):
    """Shows events. Use as a context manager around the run."""

    def __enter__(self) -> Display: ...

    def __exit__(self, *exception: object) -> None: ...

    def event(self, event: Event) -> None: ...


def display(quiet: bool) -> Display:
    """The display that fits where standard error goes."""
    if quiet:
        return Quiet(notice)
    if sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)  # obeys NO_COLOR
        if not console.is_dumb_terminal:
            return Live(console)
    return Plain(notice)


class _Told:
    """Notices and waits: the first ones of each cause."""

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._tell = tell
        self._clock = clock
        self._repeated = Repeated()
        self._seen: set[str] = set()
        self._waited = -_PLAIN_EVERY_S

    def event(self, event: Event) -> None:
        match event:
            case Noted():
                place = f"{event.where}: " if event.where else ""
                help_ = f" ({event.help})" if event.help else ""
                self._once(event, f"{'warning' if event.serious else 'notice'}: {place}{event.message}{help_}")
            case Waited() if self._clock() - self._waited >= _PLAIN_EVERY_S:
                self._waited = self._clock()
                self._tell(f"waiting: {event.message}")
            case Paused():
                self._tell(f"paused: {' and '.join(f'`{slot}`' for slot in event.slots)}: {event.message}")
            case Resumed():
                self._tell(f"going on: {' and '.join(f'`{slot}`' for slot in event.slots)} replies again")

    def _once(self, event: Noted, text: str) -> None:
        nth = self._repeated.add(event)
        if text in self._seen:
            return
        if nth <= NOTICES_SHOWN:
            self._seen.add(text)
            self._tell(text)
        elif nth == NOTICES_SHOWN + 1:
            self._tell("notice: more of them are counted and told at the end")


class Quiet:
    """Nothing but warnings and pauses: what someone has to know who waits for the end. `tell` takes a line."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._told = _Told(tell, time.monotonic)

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def event(self, event: Event) -> None:
        if isinstance(event, Paused | Resumed) or (isinstance(event, Noted) and event.serious):
            self._told.event(event)


class Plain:
    """A line now and then, and one when a step is done. `tell` takes a line."""

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._told = _Told(tell, clock)
        self._begun = self._last = clock()
        self._pace = Pace()

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def event(self, event: Event) -> None:
        self._told.event(event)
        if isinstance(event, StepFinished):
            self._tell(f"step {event.state.name}: done, {_counts(event.state)}")
        elif isinstance(event, Progressed):
            now = self._clock()
            self._pace.add(now - self._begun, event)
            if now - self._last >= _PLAIN_EVERY_S:
                self._last = now
                self._tell(line(event, self._pace))


class Live:
    """The screen of `progress`, redrawn in place, with notices above it. Leaves nothing behind but them."""

    def __init__(self, console: Any) -> None:
        from rich.live import Live as Redrawn

        self._console = console
        self._redrawn = Redrawn(console=console, refresh_per_second=8, transient=True, vertical_overflow="crop")
        self._told = _Told(self._above, time.monotonic)
        self._begun = time.monotonic()
        self._pace = Pace()

    def __enter__(self) -> Live:
        self._redrawn.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._redrawn.__exit__(None, None, None)

    def event(self, event: Event) -> None:
        self._told.event(event)
        if isinstance(event, Progressed):
            self._pace.add(time.monotonic() - self._begun, event)
            self._redrawn.update(self._drawn(event))

    def _above(self, text: str) -> None:
        self._console.print(printable(text), style="yellow", markup=False, highlight=False, soft_wrap=True)

    def _drawn(self, event: Progressed) -> Any:
        from rich.text import Text

        size = self._console.size
        ascii_only = self._console.options.ascii_only or self._console.legacy_windows
        lines = screen(event, self._pace, View(size.width, size.height, ascii_only))
        drawn = Text(no_wrap=True, overflow="crop")
        for number, told in enumerate(lines):
            drawn.append(("\n" if number else "") + printable(told.text), _STYLES.get(told.style, ""))
        return drawn


def _counts(state: StepState) -> str:
    rows = f"{state.rows_in} in, {state.rows_out} out" if state.rows_in else f"{state.rows_out} out"
    calls = [(state.called, "called"), (state.from_ledger, "from ledger")]
    told = ", ".join([*(f"{count} {name}" for count, name in calls if count), *filter(None, [lost(state)])])
    return f"{rows}; {told}" if told else rows
