"""What is told of a run when it is over: its books, its cost, and what has happened again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atk_interp.runtime.events import Cause, StepState
from atk_interp.runtime.spending import Spending
from atk_interp.runtime.spent import Spent, usd_told

__all__ = ["NOTICES_SHOWN", "causes", "funnel", "spending"]

NOTICES_SHOWN = 3
"""How many of the events of one cause are told while the run goes on."""

_CAUSES_SHOWN = 10


def funnel(states: list[StepState], such_as: Mapping[tuple[str, str], str] | None = None) -> str:
    """The books of a run as a table: what came in, what became of it, and what was lost under which label.

    `such_as` has a reply for some steps and labels.
    """
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
            example = (such_as or {}).get((state.name, label))
            told += [f"        such as `{example}`"] if example else []
        if state.refused:
            told.append(f"    {state.name}: {state.refused} x parts of replies refused")
    return "\n".join(told)


def spending(told: Spending) -> str:
    """What a run has paid for, what the ledger has saved it, and what the runs have paid that it went on with."""
    lines = [f"paid: {_spent(told.paid)}", f"from the ledger: {_spent(told.saved)}"]
    if told.before.calls:
        lines.append(f"paid with the runs that it went on with: {_spent(told.with_resumes)}")
    return "\n".join(lines)


def _spent(spent: Spent) -> str:
    calls = f"{spent.calls:,} call{'s' if spent.calls != 1 else ''}"
    cached = f" ({spent.cached_tokens:,} of them cached)" if spent.cached_tokens else ""
    thought = f" ({spent.reasoning_tokens:,} of them reasoning)" if spent.reasoning_tokens else ""
    told = f"{calls}, {spent.input_tokens:,} tokens in{cached}, {spent.output_tokens:,} out{thought}"
    if spent.usd is not None:
        told += f", {usd_told(spent.usd)}"
    if spent.uncounted == spent.calls and spent.calls:
        return (
            f"{calls}, tokens{' and cost' if spent.usd is not None else ''} unknown: the endpoint does not count them"
        )
    return f"{told}; not counted by the endpoint: {spent.uncounted:,}" if spent.uncounted else told


def causes(found: Iterable[Cause]) -> list[str]:
    """What has happened more often than was told while the run went on, each once; losses are in the funnel."""
    often = [cause for cause in found if cause.kind != "Rejected" and cause.count > NOTICES_SHOWN]
    told = [
        f"{'warning' if cause.serious else 'notice'}: {cause.count} x {cause.message}"
        + (f" (first: {cause.first})" if cause.first else "")
        for cause in often[:_CAUSES_SHOWN]
    ]
    if len(often) > _CAUSES_SHOWN:
        told.append(f"notice: {len(often) - _CAUSES_SHOWN} more causes are in `run.json`")
    return told
