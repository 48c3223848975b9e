"""Steps within a step: another pipeline, or the steps of a loop. They become steps of the one plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.results import CallStep, SetStep
from atk_interp.kinds.base.view import Analysed, StepView
from atk_interp.records import dataclass
from atk_interp.values import Row, Value

__all__ = ["Collected", "Inlined", "Looped", "NestedRows", "Variant"]


@dataclass(frozen=True)
class Variant:
    """Values for all parameters of a pipeline; `chosen` are those of its `matrix`, which its rows get as fields."""

    params: Mapping[str, Value]
    chosen: Mapping[str, Value]


@dataclass(frozen=True)
class NestedRows:
    """Which rows of another pipeline come out of a step: those of its step `source`, that pass `output`'s `where`.

    `slots` has a slot of this pipeline for each of its own.
    """

    analysis: Analysed
    source: str
    output: str | None
    slots: Mapping[str, str]


@dataclass(frozen=True)
class Inlined:
    """Another pipeline in place of a step. The rows of its step `source` come out, those that pass `output`'s `where`.

    `slots` has a slot of this pipeline for each of its own. It is there once for each of the `variants`.
    """

    analysis: Any
    source: str
    output: str | None
    slots: Mapping[str, str]
    variants: Sequence[Variant]


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
