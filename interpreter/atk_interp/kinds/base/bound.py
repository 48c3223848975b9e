"""One step as its kind sees it when a run is about to begin: parameters have values, expressions are closures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from atk_interp.document import Path, show_path
from atk_interp.expressions import EvaluationError, compile_expression
from atk_interp.kinds.base.results import StepStopped
from atk_interp.kinds.base.view import StepView, is_formula
from atk_interp.spec import EndpointConfig
from atk_interp.values import Row, Value

__all__ = ["BoundStep", "Closure", "Names"]

Names = Mapping[str, Any]
Closure = Callable[[Names], Any]


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

    def __post_init__(self) -> None:
        # A field that a step skipped by `when` did not write is null, as its type ("maybe") says.
        skipped: dict[str, Any] = dict.fromkeys(self.view.input.fields)
        self.base: dict[str, Any] = {**skipped, **self.params, "seed": self.seed, "sample": 0, "attempt": 0}

    @property
    def name(self) -> str:
        return self.view.step.name

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
        return self.guarded(self.closure(path), self.base)

    def whole(self, name: str) -> int | None:
        """An option that is a whole number or null, checked against its bounds."""
        value = self.value(name)
        option = next(option for option in self.view.options if option.name == name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise StepStopped(f"`{name}` of step `{self.name}` takes a whole number, not `{value}`")
        if (option.min is not None and value < option.min) or (option.max is not None and value > option.max):
            raise StepStopped(f"`{name}` of step `{self.name}` is {value}, outside {option.min} to {option.max}")
        return value

    def closure(self, path: Path) -> Closure:
        """The compiled expression at a path."""
        return compile_expression(self.view.expressions[path], site=f"{self.name}.{show_path(path[2:])}")

    def guarded(self, closure: Closure, names: Names) -> Any:
        """Evaluate; a failure stops the run and names the place of the expression."""
        try:
            return closure(names)
        except EvaluationError as error:
            raise StepStopped(f"{error} (in step `{self.name}`)") from error

    def rule(self, path: Path) -> Closure:
        """A closure whose failures stop the run, naming the expression's place."""
        closure = self.closure(path)
        return lambda names: self.guarded(closure, names)

    def content(self, path: Path) -> Closure:
        """A closure for the value of a field: formula, template, literal, or a structure of these."""
        raw = self.view.document.get(path)
        if path in self.view.expressions:
            return self.rule(path)
        if path in self.view.templates:
            template = self.view.templates[path]
            return template.render
        if isinstance(raw, dict):
            parts = {key: self.content((*path, key)) for key in raw}
            return lambda names: {key: part(names) for key, part in parts.items()}
        if isinstance(raw, list):
            items = [self.content((*path, index)) for index in range(len(raw))]
            return lambda names: [item(names) for item in items]
        return lambda names: raw

    def names(self, row: Row) -> dict[str, Any]:
        """The names of an expression or template over a row."""
        return {**self.base, **row.fields, "row": {"id": row.id, "source": row.source}}
