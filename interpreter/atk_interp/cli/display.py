"""What a run looks like while it goes on: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from atk_interp.cli.output import coloured, counted, notice
from atk_interp.runtime.events import Event, Noted, Progressed, StepFinished, StepState, Waited
from atk_interp.runtime.spending import Spending, Spent

__all__ = ["Display", "display", "funnel", "spending"]

_PLAIN_EVERY_S = 5.0
_NOTICES_SHOWN = 20


class Display(Protocol):
    """Shows events. Use as a context manager around the run."""

    def __enter__(self) -> Display: ...

    def __exit__(self, *exception: object) -> None: ...

    def event(self, event: Event) -> None: ...


def display(quiet: bool) -> Display:
    """The display that fits where standard error goes."""
    if quiet:
        return _Quiet()
    return _Live() if coloured(sys.stderr.isatty()) else _Plain()


class _Told:
    """Notices, each once; beyond some of them only their number."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._seen: dict[str, int] = {}
        self._waits = 0.0

    def event(self, event: Event) -> None:
        if isinstance(event, Noted):
            place = f"{event.where}: " if event.where else ""
            self._once(f"{'warning' if event.serious else 'notice'}: {place}{event.message}", event.help)
        elif isinstance(event, Waited) and time.monotonic() - self._waits > _PLAIN_EVERY_S:
            self._waits = time.monotonic()
            self._tell(f"waiting: {event.message}")

    def _once(self, text: str, help_: str) -> None:
        if text in self._seen:
            return
        self._seen[text] = len(self._seen) + 1
        if len(self._seen) <= _NOTICES_SHOWN:
            self._tell(text + (f" ({help_})" if help_ else ""))
        elif len(self._seen) == _NOTICES_SHOWN + 1:
            self._tell("notice: more notices of this kind are in `events.jsonl`")


class _Quiet:
    def __enter__(self) -> _Quiet:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def event(self, event: Event) -> None:
        return None


class _Plain:
    """A line now and then, and one when a step is done."""

    def __init__(self) -> None:
        self._told = _Told(notice)
        self._last = time.monotonic()

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def event(self, event: Event) -> None:
        self._told.event(event)
        if isinstance(event, StepFinished):
            notice(f"step {event.state.name}: done, {_counts(event.state)}")
        elif isinstance(event, Progressed) and time.monotonic() - self._last > _PLAIN_EVERY_S:
            self._last = time.monotonic()
            busy = [state for state in event.steps if not state.finished and state.rows_in]
            told = "; ".join(f"{state.name} {_settled(state)}/{state.rows_in}" for state in busy)
            notice(f"{event.fraction:4.0%}  {told or ('reading' if event.fraction < 0.9 else 'writing')}")


class _Live:
    """A table with a line per step, redrawn in place."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)
        self._told = _Told(lambda line: self._console.print(line, style="yellow", markup=False, highlight=False))
        self._started = time.monotonic()

    def __enter__(self) -> _Live:
        self._live.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._live.__exit__(None, None, None)

    def event(self, event: Event) -> None:
        self._told.event(event)
        if isinstance(event, Progressed):
            self._live.update(self._table(event))

    def _table(self, event: Progressed) -> Any:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        spent = time.monotonic() - self._started
        left = spent / event.fraction - spent if event.fraction > 0.05 else None
        calls = sum(state.called for state in event.steps)
        eta = f", about {_duration(left)} left" if left is not None and event.fraction < 1 else ""
        speed = f"{counted(calls, 'call')} ({calls / max(spent, 0.1):.1f}/s)"
        title = f"{event.fraction:.0%} after {_duration(spent)}{eta}; {speed}"
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for name, justify in (("step", "left"), ("", "left"), ("rows", "right"), ("out", "right"), ("", "left")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        for state in event.steps:
            done = _settled(state)
            bar = ProgressBar(total=max(1, state.rows_in), completed=done if state.rows_in else 0, width=20)
            name = f"[green]{state.name}[/]" if state.finished else state.name
            table.add_row(
                name, bar, f"{done}/{state.rows_in}" if state.rows_in else "", str(state.rows_out), _lost(state)
            )
        return table


def _settled(state: StepState) -> int:
    return state.passed + state.filtered + state.rejected + state.merged


def _lost(state: StepState) -> str:
    parts = [
        f"{count} {name}"
        for name, count in (
            ("filtered", state.filtered),
            ("rejected", state.rejected),
            ("merged", state.merged),
            ("parts refused", state.refused),
            ("skipped", state.skipped),
        )
        if count
    ]
    calls = [
        f"{count} {name}" for name, count in (("called", state.called), ("from ledger", state.from_ledger)) if count
    ]
    return ", ".join([*calls, *parts])


def _counts(state: StepState) -> str:
    rows = f"{state.rows_in} in, {state.rows_out} out" if state.rows_in else f"{state.rows_out} out"
    lost = _lost(state)
    return f"{rows}; {lost}" if lost else rows


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def funnel(states: list[StepState]) -> str:
    """The books of a run as a table: what came in, what became of it, and what was lost under which label."""
    lines: list[tuple[str, ...]] = [("step", "in", "out", "filtered", "rejected", "merged", "called", "ledger")]
    for state in states:
        rows = (state.rows_in, state.rows_out, state.filtered, state.rejected, state.merged)
        numbers = [str(number) if number else "-" for number in (*rows, state.called, state.from_ledger)]
        if state.skipped:
            numbers[-2] = "skipped" if state.skipped == state.rows_in else f"{state.called} ({state.skipped} skipped)"
        lines.append((state.name, *numbers))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    told = [
        "  ".join([name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))])
        for name, *cells in lines
    ]
    for state in states:
        for label, count in list(state.labels.items())[:5]:
            told.append(f"    {state.name}: {count} x {label}")
        if state.refused:
            told.append(f"    {state.name}: {state.refused} x parts of replies refused")
    return "\n".join(told)


def spending(told: Spending) -> str:
    """What a run has paid for, what the ledger has saved it, and what the runs have paid that it went on with."""
    lines = [f"paid: {_spent(told.paid)}", f"from the ledger: {_spent(told.saved)}"]
    if told.before.calls:
        lines.append(f"paid with the runs that it went on with: {_spent(told.before + told.paid)}")
    return "\n".join(lines)


def _spent(spent: Spent) -> str:
    calls = f"{spent.calls:,} call{'s' if spent.calls != 1 else ''}"
    told = f"{calls}, {spent.input_tokens:,} tokens in, {spent.output_tokens:,} out"
    return told if spent.usd is None else f"{told}, {spent.usd:,.2f} USD"
