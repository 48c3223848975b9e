"""What a step kind is: one file with its options, its meaning, how it runs, its page and its examples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.cardinality import Cardinality
from atk_interp.kinds.base.nested import Collected, Inlined, Looped, Result
from atk_interp.kinds.base.runners import CallStep, Runner
from atk_interp.kinds.base.view import StepView
from atk_interp.records import dataclass
from atk_interp.spec.options import Option

__all__ = ["Cardinality", "Example", "StepKind"]


@dataclass(frozen=True)
class Example:
    """Options with rows in and rows out, run as a test and shown on the kind's page."""

    options: Mapping[str, Any]
    given: list[dict[str, Any]] = field(default_factory=list)
    expect: list[dict[str, Any]] = field(default_factory=list)
    params: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The rows of other steps that the options name, by the name of the option."""


class StepKind(ABC):
    """One step kind. The docstring is its page: the first line says what it does."""

    name: ClassVar[str]
    options: ClassVar[tuple[Option, ...]] = ()
    needs: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Options of each of which groups one is given at least, beside those that are required."""
    together: ClassVar[tuple[str, ...]] = ()
    """Options that are given all or none of them."""
    cardinality: ClassVar[Cardinality]
    asks_model: ClassVar[bool] = False
    tells_calls: ClassVar[bool] = False
    """Whether it tells of the calls that were accepted (`StepContext.accepted`), so that they may be written."""
    learns: ClassVar[bool] = False
    """Whether it tells what it has learned of its rows (`StepContext.learned`), unless it is given that (`load`)."""
    single: ClassVar[bool] = False
    """Whether it takes one row and no more, and gives a value that other steps may `use`."""
    examples: ClassVar[tuple[Example, ...]] = ()

    @abstractmethod
    def flow(self, view: StepView) -> RecordType:
        """Check the step, and give the fields of the rows that leave it. Mistakes go to `view.sink`."""

    def makes(self, view: StepView) -> Cardinality:
        """How many rows the step makes of how many, as it is written. Asked when it has been checked."""
        return self.cardinality

    def remarks(self, view: StepView) -> Mapping[str, str]:
        """What the step does with the rows under `from` and other keys that name steps, and what else is to be known
        of its way: by key, in a few words each, for those who read the graph."""
        return {}

    @abstractmethod
    def bind(self, step: BoundStep) -> Runner | Inlined | Looped | Collected | Result:
        """The step ready to run. Raises `StepStopped` when a parameter makes it impossible."""

    def rehearsed(self, step: BoundStep) -> CallStep:
        """How the step asks about one row, which its `examples` are tried with. Raises `StepStopped` as `bind` does."""
        bound = self.bind(step)
        asking = bound.ask if isinstance(bound, Collected) else bound
        assert isinstance(asking, CallStep)
        return asking
