"""The prompts that take the place of those of a pipeline which is a step: the folders under `prompts`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice, product
from pathlib import Path as FilePath
from typing import Any

from atk_interp.document import Path
from atk_interp.expressions import EvaluationError, compile_expression
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import AnyType, TextType, Type, without_null
from atk_interp.kinds.base.axes import MOST_VARIANTS
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.results import StepStopped
from atk_interp.kinds.base.view import Nested, StepView
from atk_interp.kinds.base.written import is_formula
from atk_interp.spec.codes import MISSING_FOLDER
from atk_interp.values import Value

__all__ = ["check_folders", "folders_of"]

Find = Callable[[str], FilePath | None]


def check_folders(view: StepView, nested: Nested, scope: Mapping[str, Type]) -> None:
    """Check the folders, and the prompts in them as far as it is written down which folders they are.

    What an expression gives is known where all that it names has a value in the spec.
    """
    for path in _paths(view):
        type_ = without_null(view.content(path, scope))
        if not isinstance(type_, TextType | AnyType):
            told = f"`prompts` takes the name of a folder, and this is {type_in_words(type_)}"
            view.sink.report(WRONG_VALUE_TYPE, view.document.span(path), told)
    told_of: set[tuple[Path, str]] = set()
    checked: set[tuple[FilePath, ...]] = {()}
    for chosen in islice(_known_values(view), MOST_VARIANTS):
        folders: list[FilePath] = []
        for path in _paths(view):
            name = _known(view, path, chosen)
            found = nested.find_prompts(name) if name else None
            if found is not None:
                folders.append(found)
            elif name and (path, name) not in told_of:
                told_of.add((path, name))
                _report(view, path, name, nested)
        if tuple(folders) not in checked:
            checked.add(tuple(folders))
            _, findings = nested.fit(None, tuple(folders))
            for finding in findings:
                view.sink.add(finding)


def folders_of(step: BoundStep, chosen: Mapping[str, Value], find: Find) -> tuple[FilePath, ...]:
    """The folders for one combination; the first that has a prompt counts. Raises `StepStopped`."""
    folders = []
    for path in _paths(step.view):
        name = step.content(path)({**step.base, **chosen})
        if not isinstance(name, str | None):
            raise StepStopped(f"`prompts` of step `{step.name}` takes the name of a folder, not `{name}`")
        found = find(name) if name else None
        if name and found is None:
            raise StepStopped(f"`prompts` of step `{step.name}`: there is no folder `{name}`")
        folders += [found] if found is not None else []
    return tuple(folders)


def _paths(view: StepView) -> list[Path]:
    if not view.given("prompts"):
        return []
    given, path = view.option("prompts"), view.path("prompts")
    return [(*path, index) for index in range(len(given))] if isinstance(given, list) else [path]


def _report(view: StepView, path: Path, name: str, nested: Nested) -> None:
    view.sink.report(
        MISSING_FOLDER,
        view.document.span(path),
        f"there is no folder `{name}`",
        notes=[f"looked for it beside this spec, and among the prompts of pipeline `{nested.analysis.spec.name}`"],
    )


def _known_values(view: StepView) -> Iterator[dict[str, Value]]:
    """What the names of an expression hold, as far as that stands in the spec, for each combination of the matrix."""
    defaults = {name: param.default for name, param in view.spec.params.items() if param.has_default}
    matrix: Mapping[str, Any] = view.option("matrix") or {}
    lists = {name: _list(view, (*view.path("matrix"), name), defaults) for name in matrix}
    known = {name: values for name, values in lists.items() if values is not None}
    for values in product(*known.values()):
        yield {**defaults, **dict(zip(known, values, strict=True))}


def _list(view: StepView, path: Path, names: Mapping[str, Value]) -> list[Value] | None:
    raw = view.document.get(path)
    found = _evaluated(view, path, names) if is_formula(raw) else raw
    return found if isinstance(found, list) else None


def _known(view: StepView, path: Path, names: Mapping[str, Value]) -> str | None:
    raw = view.document.get(path)
    found = _evaluated(view, path, names) if is_formula(raw) else raw
    return found if isinstance(found, str) else None


def _evaluated(view: StepView, path: Path, names: Mapping[str, Value]) -> Any:
    expression = view.expressions.get(path)
    if expression is None or not expression.names.keys() <= names.keys():
        return None
    try:
        return compile_expression(expression)(names)
    except EvaluationError:  # told when it is run, with the values of the run
        return None
