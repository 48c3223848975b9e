"""One step as its kind sees it while a spec is checked: its options, and the fields that reach it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Protocol

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import Path
from atk_interp.expressions.types import ANY, RecordType, Type
from atk_interp.kinds.base.cardinality import Cardinality
from atk_interp.kinds.base.codes import (
    BAD_PARSE,
    UNUSABLE_FUNCTION,
)
from atk_interp.kinds.base.naming import Naming
from atk_interp.kinds.base.scoped import ROW_TYPE, Scoped
from atk_interp.kinds.base.slots import check_expected, check_slot
from atk_interp.kinds.base.written import place_named
from atk_interp.records import dataclass
from atk_interp.replies import OptionsError, Reader, build_reader
from atk_interp.spec import PipelineSpec, Step
from atk_interp.templates import (
    Prompt,
)

if TYPE_CHECKING:
    from atk_interp.foreign.function import Function

__all__ = ["ROW_TYPE", "Analysed", "Around", "Followed", "Nested", "StepView", "expression_paths"]


@dataclass
class StepView(Naming, Scoped):
    """The checking side of a step. What was parsed is kept, so that binding parses nothing again."""

    sides: Mapping[str, RecordType] = field(default_factory=dict)
    """The fields of the rows of other steps that it names, by the key that names them."""
    handed: RecordType | None = None
    """The fields of the rows that a pipeline around this one hands to its `input` step."""
    around: Around | None = None
    passing: tuple[RecordType, RecordType] | None = None
    """The fields of the rows that reach it, whatever its `when`, and of those that leave it; None until checked."""
    inner: list[StepView] = field(default_factory=list)
    """The steps of a step that has some of its own, as they were checked."""
    nested: Any = None
    """What a kind with steps of its own keeps for binding."""
    causes: dict[str, str] = field(default_factory=dict)
    """Why fields may be null after this step, where the step is what makes it so."""
    loaded: dict[str, Prompt] = field(default_factory=dict)
    """The prompts of the step, by the key that names them; of a key that names several, by the place of each."""
    prompt_paths: dict[str, Path] = field(default_factory=dict)
    """Where each of `loaded` is named."""
    record: RecordType | None = None
    """The fields of the records of an output that names them."""
    reader: Reader | None = None
    functions: dict[Path, Function] = field(default_factory=dict)
    """The Python functions that it calls, as they were read."""

    def beside(self, key: str) -> StepView:
        """The step as it sees the rows of another step that it names under a key. What is parsed is shared."""
        step = replace(self.step, inputs=self.step.sides.get(key, ()))
        return replace(self, step=step, input=self.sides[key])

    def about(self, fields: RecordType, hints: Mapping[str, str]) -> StepView:
        """The step as its prompts see what it asks about: these fields, in place of those of its rows."""
        self.asks_about = fields
        return replace(self, input=fields, hints=hints, lacking={})

    def for_key(self, key: str, fields: RecordType, hints: Mapping[str, str]) -> StepView:
        """The step as one of its keys sees it: these fields, not those of its rows. What is parsed is shared."""
        return replace(self, input=fields, hints=hints, lacking={}, seen_by=key)

    @property
    def asked(self) -> RecordType:
        """The fields that its prompts see."""
        return self.input if self.asks_about is None else self.asks_about

    def prompt(self, name: str, scope: Mapping[str, Type]) -> None:
        """Load and check the prompt that an option names."""
        value = self.option(name)
        if isinstance(value, str):
            self.load_prompt(name, value, self.path(name), scope)

    def load_prompt(
        self, key: str, name: str, path: Path, scope: Mapping[str, Type], *, followed: bool = False
    ) -> Prompt | None:
        """Load and check the prompt that is named at a path, and keep it under a key of `loaded`.

        Other messages come after one that is `followed`.
        """
        prompt = self.prompts.load(name, self.document.span(path), self.sink, followed=followed)
        if prompt is not None:
            self.loaded[key] = prompt
            self.prompt_paths[key] = path
            prompt.check(self._known(scope, prompt.names()), self._telling_causes(), self.explain)
        return prompt

    def parse(self, name: str = "parse", *, writes: bool = True) -> Mapping[str, Type]:
        """Build the reader of replies; the fields that it reads (those it may overwrite when it is broken).

        With `writes` they become fields of the rows.
        """
        try:
            self.reader = build_reader(self.step.options[name])
        except OptionsError as error:
            path = (*self.path(name), *error.path)
            help_ = self._standing_wrong(name, error.path) or error.help
            span = self.document.key_span(path) if error.is_key else self.document.head_span(path)
            self.sink.report(BAD_PARSE, span, str(error), help=help_)
            self.parse_is_broken = True
            return {field: ANY for field in self.input.fields if place_named(self.document, field, self.path(name))}
        if self.reader.unfilled is not None:
            self.expression((*self.path(name), self.reader.unfilled), self.params_scope())
        if self.reader.function is not None:
            path = (*self.path(name), "python")
            function = self.function(path, positional=1)
            self.reader = self.reader.reading_with(function) if function is not None else self.reader
        if writes:
            self.writes(self.reader.fields, self.path(name))
        return self.reader.fields

    def function(self, path: Path, given: Sequence[str] = (), positional: int = 0) -> Function | None:
        """Find the Python function that is named at a path, and check that it takes these arguments; None if not."""
        from atk_interp.foreign.function import FunctionNotUsable  # imported late: few specs name one

        span = self.document.span(path)
        try:
            assert self.around is not None
            found = self.around.open_function(self.document.get(path))
        except FunctionNotUsable as error:
            self.sink.report(UNUSABLE_FUNCTION, span, str(error), help=error.help)
            return None
        misfit = found.parameters.misfit(given, positional) if found.parameters is not None else None
        if misfit is not None:
            self.sink.report(UNUSABLE_FUNCTION, span, f"function `{found.name}` {misfit}")
            return None
        self.functions[path] = found
        return found

    def _standing_wrong(self, name: str, inner: Path) -> str | None:
        """What to do with a key of the step that stands in one of its values, when that one cannot have it."""
        key = inner[-1] if len(inner) == 1 else None
        if key not in {option.name for option in self.options} or self.given(str(key)):
            return None
        return f"`{key}` is a key of the step: indent it as `{name}` is"

    def slot(self, name: str = "model", *, embeds: bool = False) -> None:
        """Check that the model slot exists, and that it is one for vectors, or one for replies."""
        value = self.option(name)
        if isinstance(value, str):
            self.asks_slot(value, self.path(name), embeds=embeds)

    def asks_slot(self, value: str, path: Path, *, embeds: bool = False) -> None:
        """As `slot`, of a slot that is named at a path."""
        self.check_slot(value, path)
        check_expected(self, value, path, embeds=embeds)

    def check_slot(self, value: str, path: Path, help: str | None = None) -> None:
        """Check that the model slot named at a path exists. `help` is the mend where it is no misspelt name."""
        check_slot(self, value, path, help)


def expression_paths(view: StepView, name: str) -> list[Path]:
    """Where the expressions of an option stand that is one of them, or a list; none when it is not given."""
    if not view.given(name):
        return []
    keys, path = view.option(name), view.path(name)
    return [(*path, index) for index in range(len(keys))] if isinstance(keys, list) else [path]


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
