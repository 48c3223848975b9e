"""How a bound step runs: as a source, over one row, over one row with a model, or over all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from atk_interp.kinds.base.context import SetContext, StepContext
from atk_interp.kinds.base.results import Beside, Dropped, RowFailed
from atk_interp.records import dataclass
from atk_interp.templates import Prompt
from atk_interp.values import Row

__all__ = ["CallApply", "CallStep", "PureStep", "Runner", "SetStep", "SourceStep", "rejecting"]


class SourceStep:
    """Makes rows from outside the graph, in canonical order.

    `reads` gives the files that the rows are made from, if any; they depend on nothing else but the spec, the values of
    its parameters and rows of the caller. A source that cannot say so has none, and a run of it is never taken to be
    unchanged. It may raise `StepStopped` and `OSError`. `check` raises `StepStopped` where there is nothing to read
    from: it looks for the path alone, so that a run may ask it before anything else. One that `takes` rows of a caller
    gives those back as `Dropped` that are not as they are declared.
    """

    __slots__ = ("check", "reads", "rows", "takes")

    def __init__(
        self,
        rows: SourceRows,
        reads: Callable[[], Iterable[Path]] | None = None,
        check: Callable[[], None] = lambda: None,
        *,
        takes: bool = False,
    ) -> None:
        self.rows = rows
        self.reads = reads
        self.check = check
        self.takes = takes


class SourceRows(Protocol):
    def __call__(self, context: StepContext) -> Iterator[Row | Dropped]: ...


class PureStep:
    """Turns one row into rows at once, without waiting for anything."""

    __slots__ = ("apply",)

    def __init__(self, apply: PureApply) -> None:
        self.apply = apply


class PureApply(Protocol):
    def __call__(self, row: Row) -> Iterable[Row] | Dropped: ...


class CallStep:
    """Turns one row into rows by asking a model.

    `prompt` gives the prompt of a call, for the names of its row with `sample`, where a step has several prompts.
    `samples` is one more than the greatest number that it gives to a sample of a row.
    """

    __slots__ = ("apply", "prompt", "samples")

    def __init__(
        self, apply: CallApply, prompt: Callable[[Mapping[str, Any]], Prompt] | None = None, samples: int = 1
    ) -> None:
        self.apply = apply
        self.prompt = prompt
        self.samples = samples


class CallApply(Protocol):
    async def __call__(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped: ...


@dataclass(frozen=True, slots=True)
class SetStep:
    """Turns all rows, in canonical order, into rows: a barrier. A row that fails is given back as `Dropped`.

    A step that takes rows of another step beside its own (`SetContext.others`) says with `Beside` what became of them.

    `loses` says where rows that do not come out went: `filtered` or `merged`. `expects` is how many rows will come
    out of so many, or at most; progress goes by it. A step that `reorders` gives its rows places that begin with 0;
    those that its `when` leads past it come after them.
    """

    apply: SetApply
    loses: str = field(default="filtered")
    expects: Callable[[int], int] = field(default=lambda rows: rows)
    reorders: bool = field(default=False)


class SetApply(Protocol):
    def __call__(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped | Beside]: ...


Runner = SourceStep | PureStep | CallStep | SetStep
"""How a bound step runs."""


def rejecting(runner: Runner) -> Runner:
    """The runner, with `RowFailed` turned into a rejected row where one row is worked on.

    What is raised by rows that are made one by one comes later, and is for whoever takes them.
    """
    match runner:
        case PureStep(apply=apply):
            return PureStep(_rejecting(apply))
        case CallStep(apply=ask):
            return CallStep(_rejecting_call(ask), runner.prompt, runner.samples)
    return runner


def _rejecting(apply: PureApply) -> PureApply:
    def applied(row: Row) -> Iterable[Row] | Dropped:
        try:
            return apply(row)
        except RowFailed as error:
            return Dropped(row, "rejected", str(error))

    return applied


def _rejecting_call(apply: CallApply) -> CallApply:
    async def applied(row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        try:
            return await apply(row, context)
        except RowFailed as error:
            return Dropped(row, "rejected", str(error))

    return applied
