"""What a step may ask of the check that it is part of: other pipelines, its own steps, functions of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Protocol

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import Path
from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base.cardinality import Cardinality
from atk_interp.records import dataclass
from atk_interp.spec import PipelineSpec, Step

if TYPE_CHECKING:
    from atk_interp.foreign.function import Function
    from atk_interp.kinds.base.view import StepView

__all__ = ["Analysed", "Around", "Followed", "Nested"]


class Analysed(Protocol):
    """A spec with all that is known of it (`flow.Analysis`)."""

    @property
    def spec(self) -> PipelineSpec: ...
    @property
    def fields(self) -> Mapping[str, RecordType]: ...
    @property
    def views(self) -> Mapping[str, StepView]: ...
    @property
    def outputs(self) -> Mapping[str, StepView]: ...
    @property
    def graph(self) -> Ordered: ...


class Ordered(Protocol):
    """The order of the steps of a spec (`graph.Graph`)."""

    def leading_to(self, name: str) -> set[str]:
        """A step and every step that its rows, or the values that it uses, come from."""
        ...


@dataclass(frozen=True)
class Nested:
    """A pipeline that a step names, as it is by itself.

    `fit` checks it with the rows of the step for its `input` (None for those that it declares) and folders of prompts
    that take the place of its own: the analysis, and the errors that only these make. `find_prompts` gives the folder
    of a name, beside the spec or among its own prompts.
    """

    analysis: Analysed
    fit: Callable[[RecordType | None, tuple[FilePath, ...]], tuple[Analysed, Sequence[Diagnostic]]]
    find_prompts: Callable[[str], FilePath | None]


class Around(Protocol):
    """What a step may ask of the check that it is part of."""

    def open_pipeline(self, view: StepView, name: str, path: Path) -> Nested | None:
        """The pipeline of a name (or path); None when it cannot be used, which is reported."""
        ...

    def view_of(self, name: str) -> StepView | None:
        """Another step of the spec, which was checked before; None for one that is broken."""
        ...

    def open_function(self, reference: Any) -> Function:
        """The Python function of a `file.py:function` beside the spec. Raises `FunctionNotUsable`."""
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
