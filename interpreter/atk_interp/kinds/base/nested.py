"""Steps within a step: another pipeline, or the steps of a loop. They become steps of the one plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import Path
from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.view import StepView
from atk_interp.records import dataclass
from atk_interp.spec import PipelineSpec, Step
from atk_interp.values import Row, Value

if TYPE_CHECKING:
    from atk_interp.kinds.base.kind import Cardinality

__all__ = ["Analysed", "Around", "Inlined", "Looped", "Nested"]


class Analysed(Protocol):
    """A spec with all that is known of it (`flow.Analysis`)."""

    @property
    def spec(self) -> PipelineSpec: ...
    @property
    def fields(self) -> Mapping[str, RecordType]: ...
    @property
    def outputs(self) -> Mapping[str, StepView]: ...


@dataclass(frozen=True)
class Nested:
    """A pipeline that a step names, as it is by itself. `fit` checks it with the rows of the step for its `input`.

    `fit` gives the analysis and the errors that only these rows make.
    """

    analysis: Analysed
    fit: Callable[[RecordType], tuple[Analysed, Sequence[Diagnostic]]]


class Around(Protocol):
    """What a step may ask of the check that it is part of."""

    def open_pipeline(self, view: StepView, name: str, path: Path) -> Nested | None:
        """The pipeline of a name (or path); None when it cannot be used, which is reported."""
        ...

    def cardinality(self, view: StepView) -> Cardinality:
        """How many rows a step makes of how many."""
        ...

    def open_steps(self, view: StepView, refused: Mapping[str, str]) -> Mapping[str, Step]:
        """The steps under the option `steps`, each as valid as it is. `refused` are keys that they may not have."""
        ...

    def follow(self, view: StepView, steps: Sequence[Step], fields: RecordType, sink: Sink) -> Followed:
        """The steps one after the other, the first with rows of these fields."""
        ...


@dataclass(frozen=True)
class Followed:
    """Steps that were checked one after the other, and the fields of the rows that leave the last of them."""

    views: Sequence[StepView]
    fields: RecordType


@dataclass(frozen=True)
class Inlined:
    """Another pipeline in place of a step. The rows of its step `source` come out, those that pass `output`'s `where`.

    `params` has a value for each of its parameters, `slots` a slot of this pipeline for each of its own.
    """

    analysis: Any
    source: str
    output: str | None
    params: Mapping[str, Value]
    slots: Mapping[str, str]


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
