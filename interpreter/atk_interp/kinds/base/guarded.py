"""Steps of kinds that packages add: what their code raises is told with the package, and costs no more than it must."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from atk_interp.kinds.base.context import SetContext, StepContext
from atk_interp.kinds.base.results import Beside, Dropped, RowFailed, StepStopped
from atk_interp.kinds.base.runners import CallStep, PureStep, Runner, SetStep, SourceStep
from atk_interp.values import Row

__all__ = ["Told", "guarded"]

Told: TypeAlias = Callable[[Exception], str | None]
"""How a failure is told; None for what is no failure of the package."""

_HELP = "tell those who make the package"


def guarded(runner: Runner, told: Told) -> Runner:
    """The runner, of which a failure rejects the row that it came up at, or stops the run where it works on many."""
    match runner:
        case PureStep(apply=apply):
            return PureStep(lambda row: _rows(lambda: apply(row), told))
        case CallStep(apply=ask):

            async def asked(row: Row, context: StepContext) -> Iterable[Row] | Dropped:
                try:
                    made = await ask(row, context)
                except Exception as error:
                    raise _failed(error, told) from error
                return _rows(lambda: made, told)

            return CallStep(asked, runner.prompt, runner.samples)
        case SetStep(apply=work):

            def worked(rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped | Beside]:
                return _stopping(lambda: work(rows, context), told)

            return replace(runner, apply=worked)
        case SourceStep(rows=find):
            return SourceStep(
                lambda context: _stopping(lambda: find(context), told), runner.reads, runner.check, takes=runner.takes
            )


def _rows(make: Callable[[], Any], told: Told) -> Iterable[Row] | Dropped:
    """What is made of a row. Rows that come one by one may still raise `RowFailed`."""
    try:
        made = make()
        if isinstance(made, tuple | Dropped):
            return made
        return _one_by_one(iter(made), told)
    except Exception as error:
        raise _failed(error, told) from error


def _one_by_one(rows: Iterator[Row], told: Told) -> Iterator[Row]:
    try:
        yield from rows
    except Exception as error:
        raise _failed(error, told) from error


def _failed(error: Exception, told: Told) -> Exception:
    words = None if isinstance(error, ExceptionGroup) else told(error)
    return error if words is None else RowFailed(words)


def _stopping(make: Callable[[], Iterator[Any]], told: Told) -> Iterator[Any]:
    try:
        yield from make()
    except Exception as error:
        words = None if isinstance(error, ExceptionGroup | OSError) else told(error)
        if words is None:
            raise
        raise StepStopped(words, _HELP) from error
