"""Whether a run that came to its end may count as one: its books balance, and it has something to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atk_interp.kinds.base import StepStopped
from atk_interp.plan import Plan
from atk_interp.runtime.books import Books, OutputCount, Unbalanced
from atk_interp.runtime.events import Event, Noted
from atk_interp.runtime.outcome import nothing_left

__all__ = ["verdict"]


def verdict(
    plan: Plan, books: Books, outputs: Mapping[str, OutputCount], emit: Callable[[Event], None]
) -> BaseException | None:
    """What is wrong with the run; what is only odd is told."""
    wrong = books.mismatches(outputs)
    if wrong:
        return Unbalanced("; ".join(wrong))
    empty = nothing_left(plan, books.states())
    if empty and not any(count.records for count in outputs.values()):
        return empty[0]
    for stopped in empty:
        emit(Noted("", str(stopped), help=stopped.help, serious=True))
    return _nothing_written(plan, outputs, emit)


def _nothing_written(
    plan: Plan, outputs: Mapping[str, OutputCount], emit: Callable[[Event], None]
) -> BaseException | None:
    for name, count in outputs.items():
        source = plan.outputs[name].source
        if count.records:
            continue
        if count.unwritable:
            return StepStopped(
                f"none of the {count.unwritable} rows of step `{source}` could be written to `{name}`",
                help="read `rejected.jsonl` for the reasons",
            )
        if count.left_out:  # else no row came this far, which has been told of the step that let none through
            emit(Noted("", f"output `{name}` has no rows: its `where` left all of them out", serious=True))
    return None
