"""What a graph that is shown consists of: steps with the fields on their edges, and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from atk_interp.records import dataclass

__all__ = ["Asks", "Fields", "OutputNode", "PipelineGraph", "PromptFile", "StepNode"]

Fields = Mapping[str, str]
"""Fields with their types in words."""


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt and the file it comes from. `overrides` is the file that it is used instead of, if any."""

    name: str
    file: str
    overrides: str | None


@dataclass(frozen=True, slots=True)
class Asks:
    """What a step asks: a model slot, the model behind it where a config says so, the prompts, the fields they read.

    `named` is what a pipeline that is a step calls the slot.
    """

    slot: str
    named: str
    model: str | None
    prompts: tuple[PromptFile, ...]
    reads: Fields


@dataclass(frozen=True, slots=True)
class StepNode:
    """One step. `fields` are those of the rows that leave it; `more` is whether the rows may have others too.

    `adds`, `changes` (from, to) and `drops` compare them with those that reach it; a field that it writes anew is one
    that it changes, though its type be the same. `known` is false for a step that
    is malformed, stands in a cycle or lacks an input. `inputs` are as written, also where there is no such step;
    `beside` are steps that it names elsewhere than under `from`. `rows` is empty for a kind that there is not.
    `remarks` say of some keys what they do. `steps` are those within it: their names begin with its own and a dot;
    the first of a loop takes, besides the rows of the loop, those that the last one gives.
    """

    name: str
    kind: str
    rows: str
    inputs: tuple[str, ...]
    beside: Mapping[str, tuple[str, ...]]
    feeds: tuple[str, ...]
    when: str | None
    remarks: Mapping[str, str]
    asks: Asks | None
    fields: Fields
    more: bool
    adds: Fields
    changes: Mapping[str, tuple[str, str]]
    drops: Fields
    known: bool
    steps: tuple[StepNode, ...] = ()

    @property
    def keeps(self) -> dict[str, str]:
        """The fields that pass the step as they are."""
        return {
            name: type_ for name, type_ in self.fields.items() if name not in self.adds and name not in self.changes
        }

    @property
    def asks_a_model(self) -> bool:
        """Whether it asks a model, itself or by a step within it."""
        return self.asks is not None or any(step.asks_a_model for step in self.steps)

    def all(self) -> Iterator[StepNode]:
        """The step, and the steps within it."""
        yield self
        for step in self.steps:
            yield from step.all()


@dataclass(frozen=True, slots=True)
class OutputNode:
    """One output with the fields that it reads; `more` is whether its rows may have others, and it takes them all."""

    name: str
    format: str
    source: str
    where: str | None
    reads: Fields
    more: bool


@dataclass(frozen=True, slots=True)
class PipelineGraph:
    """A pipeline. `findings` tells in words what is wrong with it; what is not known for that reason is `any`.

    `checks` are what must hold at the end of a run, by label.
    """

    name: str
    description: str
    spec: str
    config: str | None
    steps: tuple[StepNode, ...]
    outputs: tuple[OutputNode, ...]
    findings: str
    checks: Mapping[str, str] = field(default_factory=dict)

    def all_steps(self) -> Iterator[StepNode]:
        """Every step, those within another one after it."""
        for step in self.steps:
            yield from step.all()

    def chosen(self, names: Iterable[str]) -> list[StepNode]:
        """The steps of some names, with those within them; all of the pipeline without a name."""
        wanted = set(names)
        return [step for step in self.all_steps() if step.name in wanted] if wanted else list(self.steps)
