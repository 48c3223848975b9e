"""Whether a run that came to its end may count as one: its books balance, it has something to show, its checks hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from atk_interp.kinds.base import StepStopped
from atk_interp.plan import Plan
from atk_interp.runtime.books import Books, OutputCount, Unbalanced
from atk_interp.runtime.checks import CheckResult, ChecksFailed, examine
from atk_interp.runtime.events import Event, Noted
from atk_interp.runtime.outcome import nothing_left
from atk_interp.runtime.spending import Spending

__all__ = ["verdict"]


def verdict(
    plan: Plan,
    books: Books,
    outputs: Mapping[str, OutputCount],
    spending: Spending,
    emit: Callable[[Event], None],
) -> tuple[BaseException | None, list[CheckResult]]:
    """What is wrong with the run, and how its checks came out; what is only odd is told."""
    wrong = books.mismatches(outputs)
    if wrong:
        return Unbalanced("; ".join(wrong)), []
    checks = examine(plan, books.states(), outputs, spending)
    error = _nothing_left(plan, books, outputs, emit) or _nothing_written(plan, outputs, emit)
    return _not_as_checked(plan, checks, error, emit), checks


def _nothing_left(
    plan: Plan, books: Books, outputs: Mapping[str, OutputCount], emit: Callable[[Event], None]
) -> BaseException | None:
    is_written = _is_written(plan, outputs)
    empty = nothing_left(plan, books.states(), unused=False)
    if not is_written and (causes := empty or nothing_left(plan, books.states(), unused=True)):
        return causes[0]
    for stopped in empty:
        emit(Noted("", str(stopped), help=stopped.help, serious=True))
    return None


def _not_as_checked(
    plan: Plan, checks: Sequence[CheckResult], error: BaseException | None, emit: Callable[[Event], None]
) -> BaseException | None:
    """The end of a run whose checks do not all hold. For a trial they are told and no more: they are of a whole run."""
    failed = [check for check in checks if check.outcome == "failed"]
    is_trial = plan.extent.limit is not None
    if error is not None or is_trial:
        for check in failed:
            help_ = "a run without `--limit` would stop with this" if is_trial and error is None else ""
            emit(Noted("", check.told(), help=help_, serious=True))
    if error is not None or is_trial or not failed:
        return error
    return ChecksFailed(checks)


def _nothing_written(
    plan: Plan, outputs: Mapping[str, OutputCount], emit: Callable[[Event], None]
) -> BaseException | None:
    some = _is_written(plan, outputs)
    for name, count in outputs.items():
        source = plan.outputs[name].source
        if count.records:
            continue
        if count.unwritable:
            told = f"none of the {count.unwritable} rows of step `{source}` could be written to `{name}`"
            help_ = "read `rejected.jsonl` for the reasons"
            if not some:
                return StepStopped(told, help=help_)
            emit(Noted("", told, help=help_, serious=True))
        elif count.left_out:  # else no row came this far, which has been told of the step that let none through
            emit(Noted("", f"output `{name}` has no rows: its `where` left all of them out", serious=True))
    return None


def _is_written(plan: Plan, outputs: Mapping[str, OutputCount]) -> bool:
    """Whether there are data. What only tells about rows, such as a card or a list of verdicts, is none beside data."""
    beside = {name for name, output in plan.outputs.items() if not output.dataset}
    return any(count.records for name, count in outputs.items() if name not in beside or len(beside) == len(outputs))
