"""The compiled pipeline: steps as callables with what they need, ready to run. Frozen; owns no file and no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import AcceptedCall, Runner, StopRule
from atk_interp.plan.checks import PlannedCheck
from atk_interp.records import dataclass
from atk_interp.spec import EndpointConfig, PipelineSpec
from atk_interp.templates import Prompt
from atk_interp.values import Row, Value

__all__ = ["MOST_ROUNDS", "Extent", "Goal", "Loop", "Plan", "PlannedOutput", "PlannedStep"]

Names = Mapping[str, Any]


MOST_ROUNDS = 1000
"""After so many rounds a loop without `max_rounds` stops the run."""


@dataclass(frozen=True)
class Loop:
    """The way of a row through the steps of a loop: from `first` to `last`, then again while `until` is false for it.

    A row in a loop has the number of its round, from 1, at the end of its place. `until` raises `RowFailed`.
    `exhausted` says what becomes of a row after `max_rounds`: `keep`, `drop` or `reject`, under `label`.
    """

    first: str
    last: str
    until: Callable[[Row], Any]
    max_rounds: int | None
    exhausted: str
    label: str


@dataclass(frozen=True)
class Goal:
    """Enough rows of a source were given when so many `rows` of `step` were accepted.

    `only_once` is for a rehearsal: no more are given when the last ones have brought nothing.
    """

    rows: int
    step: str
    accepts: Callable[[Row], bool]
    only_once: bool = False


@dataclass(frozen=True)
class PlannedStep:
    """One step. `when` is evaluated over the names of a row, and raises `RowFailed` for one that it cannot judge.

    `depth` is the distance from a source. `others` are the steps whose rows it takes beside its inputs, by the key
    that names them, and `uses` the `once` steps whose value is handed to `learn` before any row is worked on.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    runner: Runner | Loop
    names: Callable[[Row], Names]
    when: Callable[[Names], Any] | None = None
    slot: str | None = None
    """The slot of the run that it asks; the first of `asks`."""
    asks: tuple[str, ...] = ()
    """All slots of the run that it may ask."""
    slots: Mapping[str, str] = field(default_factory=dict)
    """The slots of the run that answer for those that the step knows."""
    prompt: Callable[[Names], Prompt] | None = None
    """The prompt of a call, for the names of its row with `sample`."""
    depth: int = 0
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    learn: Callable[[str, Mapping[str, Value]], None] | None = None
    single: bool = False
    """Whether it takes one row and no more, and what it makes of it is a value for other steps."""
    inside: str = ""
    """The loop whose step it is."""
    limits: tuple[int, ...] = ()
    """The most rounds of the loops that it stands in, outermost first."""
    stride: int = 1
    """How many samples it asks for at most, of one row in one round."""
    repeat: int = 0
    """How often its pipeline was used with the same values before: its samples are others each time."""
    takes: Callable[[Row], Any] | None = None
    """Which of the rows that come to it are its own; what it does not take is taken elsewhere."""
    passed_by: str = ""
    """The step to which rows go for which `when` is false, when this is how rows come into another pipeline."""
    passes: str = ""
    """The step that hands it the rows which pass it by."""
    goal: Goal | None = None
    """When it has given enough, for a source that gives rows little by little."""
    stops: StopRule | None = None
    """What rejections of it stop the run."""
    identity: Callable[[], str] | None = None
    """The hash of what it is made of (`plan.identity`). Raises `TypeError` and `OSError` where it has none."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of files that it was made with, by the option that names them."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The steps whose rows it takes."""
        return (*self.inputs, *(name for names in self.others.values() for name in names))

    @property
    def waits(self) -> bool:
        """Whether it begins when all its rows, and the values that it uses, are there."""
        return bool(self.uses) or self.single

    @property
    def upstream(self) -> tuple[str, ...]:
        """The steps that must have ended before it can end."""
        around = (self.inside,) if self.inside else ()
        return (*self.sources, *self.uses, *((self.passes,) if self.passes else ()), *around)


@dataclass(frozen=True)
class PlannedOutput:
    """One output file: which rows, how a row becomes a record, and what form the file has.

    `record` gives a record as a line of JSON, or None when `where` leaves the row out. It raises `RecordError` for a
    row that the format cannot hold. `form` is a key of `formats.files.FORMS`, and `layout` what the records hold.
    """

    name: str
    source: str
    format: str
    record: Callable[[Row], bytes | None]
    form: str = "lines"
    layout: RecordType = RecordType(open=True)
    document: Callable[[Mapping[str, Any]], str] | None = None
    """Fills in the file, where that is one text, from what is known at the end of a run. It raises `RowFailed`."""
    call: Callable[[str, Row, AcceptedCall], bytes | None] | None = None
    """As `record`, for a file of calls: of a row that one of the `asked` steps has made with the reply to one."""
    asked: tuple[str, ...] = ()
    """The steps whose calls are written: `source` alone, or others that its rows come from."""
    distinct: bool = False
    """Whether a record that says the same as one before is left out."""
    reached: str = ""
    """The step that these rows, or rows made of them, must have left; empty where every call counts."""
    holds: str = ""
    """The format of its records, where that is another than `format`: what calls were written as."""
    marked: bool = False
    """Whether the messages of its records say under `train` whether they are to be learned."""
    learned: bool = False
    """Whether `document` is what the step has learned; while it has learned nothing there is no file."""
    dataset: bool = True
    """Whether its rows are what the run is made for. A run whose datasets are all empty is no success."""


@dataclass(frozen=True)
class Extent:
    """How much of a pipeline is run. `limit` is the number of rows of a trial, `until` the last step, "" for all."""

    limit: int | None = None
    until: str = ""
    strict: bool = False
    """Whether the first row that is rejected stops the run."""

    @property
    def told(self) -> str:
        """What a run of this extent is, when it is no whole one; else empty."""
        end = f"up to step `{self.until}`" if self.until else ""
        if self.limit is None:
            return f"a run {end}" if end else ""
        return f"a trial of {self.limit} row{'s' if self.limit != 1 else ''} {end}".rstrip()


@dataclass(frozen=True)
class Plan:
    """A pipeline with the values of one run. Steps are in topological order."""

    spec: PipelineSpec
    steps: Mapping[str, PlannedStep]
    outputs: Mapping[str, PlannedOutput]
    params: Mapping[str, Value]
    endpoints: Mapping[str, EndpointConfig]
    seed: int
    prompts: Mapping[str, str]
    """The SHA-256 of every prompt file used, by its path as people see it."""
    specs: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of the spec, and of those that it uses."""
    python: Mapping[str, str] = field(default_factory=dict)
    """The hash of every Python function used, with the files that it imports, by step and function."""
    handed: str = ""
    """The SHA-256 of the rows that were handed over by the caller."""
    extent: Extent = Extent()
    checks: Sequence[PlannedCheck] = ()
    """What must hold at the end of a run."""

    def consumers(self, name: str) -> list[PlannedStep]:
        return [step for step in self.steps.values() if name in step.sources]

    def ancestors(self, name: str) -> set[str]:
        """Every step that a step's rows, and the values that it uses, come from."""
        found: set[str] = set()
        waiting = list(self.steps[name].upstream)
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting.extend(self.steps[step].upstream)
        return found
