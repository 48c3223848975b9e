"""Steps within a step: another pipeline, or the steps of a loop. They become steps of the one plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Diagnostic
from atk_interp.expressions.types import Type
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.runners import CallStep, SetStep
from atk_interp.kinds.base.view import Analysed, StepView
from atk_interp.records import dataclass
from atk_interp.values import Row, Value

__all__ = ["Collected", "Inlined", "Looped", "NestedRows", "Result", "Variant"]


@dataclass(frozen=True)
class Variant:
    """Values for all parameters of a pipeline; `chosen` are those of its `matrix`, which its rows get as fields.

    `analysis` is the pipeline with its prompts, and `repeat` how often it was used with the same values before.
    """

    params: Mapping[str, Value]
    chosen: Mapping[str, Value]
    analysis: Any
    repeat: int = 0
    takes: Callable[[Row], Any] | None = None
    """Which rows it takes; all when not given. Raises `RowFailed` for one that it cannot judge."""


@dataclass(frozen=True)
class NestedRows:
    """Which rows of another pipeline come out of a step: those of its step `source`, that pass `output`'s `where`.

    `slots` has a slot of this pipeline for each of its own, and `told` the fields that the rows get beside their own.
    """

    analysis: Analysed
    source: str
    output: str | None
    slots: Mapping[str, str]
    into: str | None
    """The source of it whose place the rows take; its `input` when not given."""
    told: Mapping[str, Type]
    fit: Callable[[tuple[Path, ...]], tuple[Analysed, Sequence[Diagnostic]]] = field(repr=False)
    """The pipeline with prompts of some folders in place of its own, and the errors in them."""
    find_prompts: Callable[[str], Path | None] = field(repr=False)


@dataclass(frozen=True)
class Result:
    """Rows of a pipeline that the step `of` uses, other than those that come out of it."""

    of: str
    source: str
    output: str | None


@dataclass(frozen=True)
class Inlined:
    """Another pipeline in place of a step. The rows of its step `source` come out, those that pass `output`'s `where`.

    `slots` has a slot of this pipeline for each of its own. It is there once for each of the `variants`. The rows of
    the step take the place of its source `into`, or else of its `input`.
    """

    source: str
    output: str | None
    slots: Mapping[str, str]
    variants: Sequence[Variant]
    into: str | None = None


@dataclass(frozen=True)
class Looped:
    """Steps that a row goes through again and again until `until` holds, or `max_rounds` times.

    `exhausted` says what becomes of it then: `keep`, `drop` or `reject`, under the label. `ending` is the step as
    `until` sees it, when a round is through.
    """

    body: Sequence[StepView]
    until: Callable[[Row], Any]
    max_rounds: int | None
    exhausted: str
    label: str
    ending: BoundStep = field(repr=False)


@dataclass(frozen=True)
class Collected:
    """A step that brings rows together and asks a model about what it has made of them.

    What `gather` makes is for `ask` alone, and has a field `mark` by which it is told from rows that pass the step by.
    `keys` are the keys of the step that `gather` goes by.
    """

    gather: SetStep
    ask: CallStep
    mark: str
    keys: Sequence[str]
