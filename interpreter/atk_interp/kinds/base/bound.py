"""One step as its kind sees it when a run is about to begin: parameters have values, expressions are closures."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path as FilePath
from typing import Any, TypeVar

from atk_interp.document import Path, show_path
from atk_interp.expressions import EvaluationError, compile_expression, unparse
from atk_interp.kinds.base.results import RowFailed, StepStopped
from atk_interp.kinds.base.view import StepView
from atk_interp.kinds.base.written import is_formula, one_line
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.spec import EndpointConfig
from atk_interp.templates import RenderError, used_names
from atk_interp.values import Row, Value

__all__ = ["BoundStep", "Closure", "Names", "draw_sites"]

T = TypeVar("T")
N = TypeVar("N", int, float)
Names = Mapping[str, Any]
Closure = Callable[[Names], Any]

_POSITION = pattern(r"\A\S.*?:\d+: ")
"""What a `RenderError` begins with: file and line. A label is the same for all rows that fail alike."""


def draw_sites(views: Iterable[StepView]) -> dict[Path, str]:
    """What tells the random draws of every expression from those of the others.

    The name of a step is no part of it, as another name must not change what is drawn (and sent). Expressions that
    say the same under the same key of steps of one kind are told apart by their order, which is that of the views.
    """
    equal: Counter[str] = Counter()
    sites: dict[Path, str] = {}
    for view in views:
        for path, expression in view.expressions.items():
            site = f"{view.step.kind}\0{show_path(path[len(view.step.path) :])}\0{unparse(expression.root)}"
            sites[path] = f"{site}\0{equal[site]}"
            equal[site] += 1
    return sites


@dataclass
class BoundStep:
    """A checked step with the values of this run. Paths in parameters are absolute by now."""

    view: StepView
    params: Mapping[str, Value]
    seed: int
    endpoints: Mapping[str, EndpointConfig]
    folder: FilePath
    """The folder of the spec, which literal paths are relative to."""
    rows: list[dict[str, Value]] | None = None
    """Rows handed over by a caller, for an `input` step."""
    sites: Mapping[Path, str] = field(default_factory=dict)
    """`draw_sites` of the whole spec; of this step alone when not given."""
    within: str = ""
    """What stands before the name of the step: the step that it is part of, with a dot."""
    repeat: int = 0
    """How often the pipeline was used with the same values before, of which it is a step."""
    rounds: int = 0
    """How many loops it stands in: the last numbers of a row's place are the rounds that it is in."""
    files: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of files that were read to bind the step, by the option that names them."""

    def __post_init__(self) -> None:
        # A field that a step skipped by `when` did not write is null, as its type ("maybe") says.
        skipped: dict[str, Any] = dict.fromkeys(self.view.input.fields)
        self.sites = self.sites or draw_sites([self.view])
        constants: dict[str, Any] = dict.fromkeys((*self.view.constants, *self.view.locals))
        self.base: dict[str, Any] = {**skipped, **constants, **self.params}
        self.base.update(seed=self.seed, sample=0, attempt=0)

    @property
    def name(self) -> str:
        return self.within + self.view.step.name

    def has_read(self, option: str, data: bytes) -> None:
        """Note that what the step does depends on the content of a file, beside what is written in it."""
        self.files[option] = hashlib.sha256(data).hexdigest()

    def learn(self, constant: str, fields: Mapping[str, Value]) -> None:
        """Give a `once` step its value. Before any row is worked on."""
        self.base[constant] = dict(fields)

    def shown(self, path: Path) -> str:
        """A place in the step, as people write it."""
        return show_path(path[len(self.view.step.path) :])

    def value(self, name: str) -> Any:
        """The value of an option: its literal, or what its formula gives for the parameters."""
        path = self.view.path(name)
        if not self.view.given(name):
            return self.view.option(name)
        return self.evaluated(path)

    def evaluated(self, path: Path) -> Any:
        """A literal or a formula over the parameters, anywhere in the step."""
        raw = self.view.document.get(path)
        if not is_formula(raw):
            return raw
        return self.rule(path)(self.base)

    def whole(self, name: str) -> int | None:
        """An option that is a whole number or null. Raises `StepStopped` for another value, or one out of bounds."""
        value = self.value(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise StepStopped(f"`{name}` of step `{self.name}` takes a whole number, not `{one_line(value)}`")
        return self._bounded(name, value)

    def number(self, name: str) -> float | None:
        """An option that is a number or null. Raises `StepStopped` for another value, or one out of bounds."""
        value = self.value(name)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise StepStopped(f"`{name}` of step `{self.name}` takes a number, not `{one_line(value)}`")
        return self._bounded(name, value)

    def _bounded(self, name: str, value: N | None) -> N | None:
        option = next(option for option in self.view.options if option.name == name)
        if value is not None and option.min is not None and value < option.min:
            raise StepStopped(f"`{name}` of step `{self.name}` must be at least {option.min}, not {value}")
        if value is not None and option.max is not None and value > option.max:
            raise StepStopped(f"`{name}` of step `{self.name}` must be at most {option.max}, not {value}")
        return value

    def closure(self, path: Path) -> Closure:
        """The compiled expression at a path."""
        return compile_expression(self.view.expressions[path], site=self.sites[path])

    def failure(self, where: str, error: Exception, names: Iterable[str]) -> RowFailed | StepStopped:
        """What to raise when what uses these `names` fails: without a field of the row it fails for every row."""
        told = _POSITION.sub("", str(error)) if isinstance(error, RenderError) else str(error)
        is_lasting = isinstance(error, EvaluationError) and error.is_lasting
        if is_lasting or {*self.view.spec.params, *self.view.constants, "seed"}.issuperset(names):
            return StepStopped(f"`{where}` of step `{self.name}`: {told}")
        return RowFailed(f"`{where}`: {told}")

    def rule(self, path: Path) -> Closure:
        """A closure for an expression. Raises `RowFailed`, or `StepStopped` when it is about parameters alone."""
        closure, names = self.closure(path), self.view.expressions[path].names

        def evaluated(scope: Names) -> Any:
            try:
                return closure(scope)
            except EvaluationError as error:
                raise self.failure(self.shown(path), error, names) from error

        return evaluated

    def content(self, path: Path) -> Closure:
        """A closure for the value of a field: formula, template, literal, or a structure of these. Raises as `rule`."""
        raw = self.view.document.get(path)
        if path in self.view.expressions:
            return self.rule(path)
        if path in self.view.templates:
            template = self.view.templates[path]
            return self.rendering(template.render, self.shown(path), used_names(template))
        if isinstance(raw, dict):
            parts = {key: self.content((*path, key)) for key in raw}
            return lambda names: {key: part(names) for key, part in parts.items()}
        if isinstance(raw, list):
            items = [self.content((*path, index)) for index in range(len(raw))]
            return lambda names: [item(names) for item in items]
        return lambda names: raw

    def rendering(self, render: Callable[[Names], T], where: str, names: Iterable[str]) -> Callable[[Names], T]:
        """A rendering function with the failures of `rule`. `names` are those that it uses."""

        def rendered(scope: Names) -> T:
            try:
                return render(scope)
            except RenderError as error:
                raise self.failure(where, error, names) from error

        return rendered

    def names(self, row: Row) -> dict[str, Any]:
        """The names of an expression or template over a row."""
        names = {**self.base, **row.fields, "row": {"id": row.id, "source": row.source}}
        if self.rounds:
            names["round"] = row.order[-1]
        return names
