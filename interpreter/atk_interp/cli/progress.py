"""What a run that goes on looks like: lines of text for a screen of some size. Pure; `display` puts them there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import field

from atk_interp.cli.output import counted
from atk_interp.records import dataclass
from atk_interp.runtime.events import EndpointState, Progressed, StepState
from atk_interp.runtime.spent import Spent

__all__ = ["Line", "Pace", "View", "duration", "line", "lost", "screen", "settled"]

_WINDOW_S = 60.0
"""Rates are those of the last minute: what the ledger had at the beginning was faster than what comes."""

_SOON_S = 3.0
"""Nothing is foretold from less than this."""

_BAR = 16
_NAME = 28
_STEPS_IN_LINE = 3


@dataclass(frozen=True)
class View:
    """The screen: columns, lines, and whether it shows no more than ASCII."""

    width: int = 80
    height: int = 24
    ascii: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the screen. `style` is `head`, `done`, `warn`, `dim`, or nothing."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class _Moment:
    at: float
    fraction: float
    calls: int
    usd: float
    settled: dict[str, int]


@dataclass
class Pace:
    """How fast a run goes. `now` is in seconds since its beginning."""

    now: float = 0.0
    _moments: deque[_Moment] = field(default_factory=deque)

    def add(self, now: float, event: Progressed) -> None:
        """Take note of how far the run is, at most once a second."""
        self.now = now
        if self._moments and now - self._moments[-1].at < 1.0:
            return
        calls = sum(state.called for state in event.steps)
        states = {state.name: settled(state) for state in event.steps}
        self._moments.append(_Moment(now, event.fraction, calls, _paid(event.paid.values()).usd or 0.0, states))
        while len(self._moments) > 2 and now - self._moments[1].at >= _WINDOW_S:
            self._moments.popleft()

    @property
    def _seconds(self) -> float:
        return self._moments[-1].at - self._moments[0].at if self._moments else 0.0

    def rows_per_s(self, step: str) -> float | None:
        if self._seconds < _SOON_S:
            return None
        return (self._moments[-1].settled.get(step, 0) - self._moments[0].settled.get(step, 0)) / self._seconds

    def calls_per_s(self) -> float | None:
        if self._seconds < _SOON_S:
            return None
        return (self._moments[-1].calls - self._moments[0].calls) / self._seconds

    def left_s(self) -> float | None:
        """Seconds until the run is done, as it goes now."""
        done = self._done()
        return None if done is None else (1 - self._moments[-1].fraction) / done * self._seconds

    def usd_in_all(self) -> float | None:
        """What the run will have paid, as it goes now."""
        done = self._done()
        if done is None:
            return None
        last = self._moments[-1]
        return last.usd + (last.usd - self._moments[0].usd) * (1 - last.fraction) / done

    def _done(self) -> float | None:
        """How much of the run was done within the window; None for too little."""
        if self._seconds < _SOON_S:
            return None
        done = self._moments[-1].fraction - self._moments[0].fraction
        return done if done > 0.002 else None


def screen(event: Progressed, pace: Pace, view: View) -> list[Line]:
    """All lines: where the run is, its steps, its endpoints. Of many steps those that are at work."""
    head = [Line(_cut(part, view), "head") for part in _wrapped(_headline(event, pace), view.width)]
    tail = [Line(_cut(told, view), style) for told, style in map(_endpoint, event.endpoints)]
    room = max(1, view.height - len(head) - len(tail) - 3)
    shown = _chosen(event.steps, room)
    columns = _columns(view.width)
    width = min(_NAME, max([len("step"), *(len(state.name) for state in shown)]), max(8, view.width - 24))
    table = [Line(_row(columns, width, _TITLES), "dim")]
    for state in shown:
        cells = _cells(state, event.paid.get(state.name, Spent()), pace, view)
        table.append(Line(_cut(_row(columns, width, cells), view), "done" if state.finished else ""))
    hidden = [state for state in event.steps if state not in shown]
    if hidden:
        table.append(Line(_cut(_hidden(hidden), view), "dim"))
    return [*head, *table, *tail]


def line(event: Progressed, pace: Pace) -> str:
    """How far the run is, in one line."""
    busy = [state for state in event.steps if not state.finished and state.rows_in]
    told = [f"{state.name} {settled(state)}/{state.rows_in}" for state in busy[-_STEPS_IN_LINE:]]
    if len(busy) > len(told):
        told.append(f"and {counted(len(busy) - len(told), 'step')} more")
    doing = ", ".join(told) or ("reading" if event.fraction < 0.9 else "writing")
    ill = [f"{'+'.join(end.slots)}: no reply for {end.failing_s:.0f} s" for end in event.endpoints if _is_ill(end)]
    return "; ".join([_headline(event, pace), doing, *ill])


def settled(state: StepState) -> int:
    """The rows that are through a step, whatever became of them."""
    return state.passed + state.filtered + state.rejected + state.merged


def lost(state: StepState) -> str:
    """The rows of a step that are no more, by what became of them."""
    parts = (
        (state.filtered, "filtered"),
        (state.rejected, "rejected"),
        (state.merged, "merged"),
        (state.refused, "parts refused"),
        (state.skipped, "skipped"),
    )
    return ", ".join(f"{count} {name}" for count, name in parts if count)


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _headline(event: Progressed, pace: Pace) -> str:
    paid, rate, left, in_all = _paid(event.paid.values()), pace.calls_per_s(), pace.left_s(), pace.usd_in_all()
    calls = counted(sum(state.called for state in event.steps), "call")
    told = [f"{event.fraction:4.0%} after {duration(pace.now)}"]
    # When every step is done, what is left is writing the files: that costs nothing, and has a pace of its own.
    asking = event.fraction < 1 and not all(state.finished for state in event.steps)
    if left is not None and asking:
        told.append(f"about {duration(left)} left")
    told.append(f"{calls} ({rate:.1f}/s)" if rate is not None else calls)
    if paid.usd is not None:
        cost = f"{paid.usd:,.2f} USD"
        told.append(f"{cost}, about {in_all:,.2f} in all" if in_all and asking else cost)
    return "; ".join(told)


def _paid(spent: Iterable[Spent]) -> Spent:
    return sum(spent, Spent())


_TITLES = {
    "step": "step",
    "bar": "",
    "rows": "rows",
    "out": "out",
    "rate": "rows/s",
    "left": "left",
    "calls": "calls",
    "ledger": "ledger",
    "cost": "USD",
    "lost": "lost",
}
_WIDTHS = {"bar": _BAR, "rows": 11, "out": 7, "rate": 6, "left": 9, "calls": 7, "ledger": 7, "cost": 8}
_BY_WIDTH = (
    (110, ("step", "bar", "rows", "out", "rate", "left", "calls", "ledger", "cost", "lost")),
    (90, ("step", "rows", "out", "rate", "left", "calls", "cost", "lost")),
    (70, ("step", "rows", "out", "left", "calls", "lost")),
    (0, ("step", "rows", "lost")),
)


def _columns(width: int) -> Sequence[str]:
    return next(columns for least, columns in _BY_WIDTH if width >= least)


def _cells(state: StepState, paid: Spent, pace: Pace, view: View) -> dict[str, str]:
    done, rate = settled(state), pace.rows_per_s(state.name)
    busy = not state.finished and state.rows_in > 0
    waiting = state.rows_in - done
    return {
        "step": state.name,
        "bar": _bar(done, state.rows_in, view) if state.rows_in else "",
        "rows": f"{done}/{state.rows_in}" if state.rows_in else "",
        "out": str(state.rows_out) if state.rows_out or state.rows_in else "",
        "rate": f"{rate:.1f}" if busy and rate else "",
        "left": duration(waiting / rate) if busy and rate and waiting else "",
        "calls": str(state.called) if state.called else "",
        "ledger": str(state.from_ledger) if state.from_ledger else "",
        "cost": f"{paid.usd:,.2f}" if paid.usd is not None else "",
        "lost": lost(state),
    }


def _row(columns: Sequence[str], width: int, cells: dict[str, str]) -> str:
    told = []
    for name in columns:
        text = cells[name]
        if name == "step":
            told.append(_middle(text, width).ljust(width))
        elif name in ("bar", "lost"):
            told.append(text.ljust(_WIDTHS.get(name, 0)))
        else:
            told.append(text.rjust(_WIDTHS[name]))
    return " ".join(told).rstrip()


def _bar(done: int, whole: int, view: View) -> str:
    filled = min(_BAR, done * _BAR // max(1, whole))
    full, empty = (
        ("#", ".") if view.ascii else ("\N{BOX DRAWINGS HEAVY HORIZONTAL}", "\N{BOX DRAWINGS LIGHT HORIZONTAL}")
    )
    return full * filled + empty * (_BAR - filled)


def _chosen(steps: Sequence[StepState], room: int) -> list[StepState]:
    """The steps that fit, in their order: those at work first, then those to come, then those that are done."""
    if len(steps) <= room:
        return list(steps)

    def wanted(number: int) -> tuple[int, int]:
        state = steps[number]
        if state.finished:
            return 2, -number
        return (0, number) if state.rows_in or state.rows_out else (1, number)

    kept = set(sorted(range(len(steps)), key=wanted)[: max(1, room - 1)])
    return [state for number, state in enumerate(steps) if number in kept]


def _hidden(steps: Sequence[StepState]) -> str:
    done = sum(state.finished for state in steps)
    begun = sum(not state.finished and (state.rows_in or state.rows_out) > 0 for state in steps)
    parts = ((done, "done"), (begun, "at work"), (len(steps) - done - begun, "to come"))
    return f"and {counted(len(steps), 'step')} more: " + ", ".join(f"{count} {what}" for count, what in parts if count)


def _endpoint(state: EndpointState) -> tuple[str, str]:
    """An endpoint in one line, and its style."""
    name = "+".join(state.slots)
    if _is_ill(state):
        return f"{name}: no reply for {state.failing_s:.0f} s ({state.failures} failures in a row)", "warn"
    told = f"{name}: {counted(state.in_use, 'call')} in flight of {state.limit}"
    told += f" (limited from {state.most})" if state.limit < state.most else ""
    told += f", {state.waiting} waiting" if state.waiting else ""
    return told, "warn" if state.limit < state.most else "dim"


def _is_ill(state: EndpointState) -> bool:
    return state.failures > 1 and state.failing_s >= 2


def _middle(text: str, width: int) -> str:
    """A name of a nested step begins and ends with what tells it from others."""
    if len(text) <= width:
        return text
    head = (width - 2) // 2
    return f"{text[:head]}..{text[len(text) - (width - 2 - head) :]}"


def _cut(text: str, view: View) -> str:
    return text if len(text) < view.width else text[: max(0, view.width - 4)] + "..."


def _wrapped(text: str, width: int) -> list[str]:
    """A headline in as many lines as it needs, broken between its parts."""
    lines: list[str] = []
    for part in text.split("; "):
        if lines and len(lines[-1]) + 2 + len(part) < width:
            lines[-1] += f"; {part}"
        else:
            lines.append(part)
    return lines
