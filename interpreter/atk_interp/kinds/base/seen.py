"""What there is to see of a step while a spec is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, Path
from atk_interp.expressions.types import RecordType, Type
from atk_interp.records import dataclass
from atk_interp.spec import PipelineSpec, Step
from atk_interp.spec.options import Option
from atk_interp.templates import PromptLibrary

__all__ = ["Seen"]


@dataclass(init=False, repr=False, eq=False)  # those of `StepView` serve
class Seen:
    """A step with its options, where it stands, and what reaches it."""

    spec: PipelineSpec
    step: Step
    options: tuple[Option, ...]
    input: RecordType
    """The fields of the rows that reach it."""
    prompts: PromptLibrary
    sink: Sink
    providers: Mapping[str, str] = field(default_factory=dict)
    """Which step writes a field, for every field of the spec: what to name when a field is missing here."""
    constants: Mapping[str, RecordType] = field(default_factory=dict)
    """The `once` steps that it uses, with their fields."""
    locals: Mapping[str, Type] = field(default_factory=dict)
    """Names that only its place gives it: `round` inside of a loop."""
    used_slots: dict[str, None] = field(default_factory=dict)
    """The model slots that it asks, itself or through the steps within it, in their order."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """How names are to be written that are unknown here, for those of which the step itself knows."""
    asks_about: RecordType | None = None
    """The fields that its prompts see, where these are others than those of the rows that reach it."""
    seen_by: str = ""
    """The key that sees `input`, where that is not what the step receives."""

    @property
    def document(self) -> Document:
        return self.spec.document

    def given(self, name: str) -> bool:
        return name in self.step.options

    def path(self, name: str) -> Path:
        return self.step.option_path(name)

    def option(self, name: str) -> Any:
        """The value of an option as written, or its default."""
        if name in self.step.options:
            return self.step.options[name]
        return next(option.default for option in self.options if option.name == name)
