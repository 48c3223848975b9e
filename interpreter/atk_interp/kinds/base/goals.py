"""`until` of a source: how many rows must come through before it has given enough."""

from __future__ import annotations

from typing import Any

from atk_interp.diagnostics import did_you_mean
from atk_interp.document import Path
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.results import StepStopped
from atk_interp.kinds.base.view import StepView
from atk_interp.kinds.base.written import is_formula
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY

__all__ = ["UNTIL", "Wanted", "check_until", "counted_step", "wanted"]

_TEXT = pattern(r"([1-9][0-9]*) +(accepted|of +(\S+))\Z")

UNTIL = Option(
    "until",
    Takes.STRUCTURE,
    "Give rows until so many have come through: `1000 accepted` into the output, `1000 of STEP`, a number or `=expr`, "
    "or a mapping with `rows` and `of`.",
    schema={
        "type": ["string", "integer", "formula", "dict"],
        "min": 1,
        "schema": {"rows": {"type": ["integer", "formula"], "min": 1}, "of": {"type": "string"}},
    },
)
"""The option of sources that can give rows little by little."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many rows, of a step; of the output when it is not named."""

    rows: int
    of: str = ""


def check_until(view: StepView) -> None:
    """Check the option."""
    if not view.given("until"):
        return
    path, given = view.path("until"), view.option("until")
    if view.step.inputs:
        told = "`until` is for a source, and this step draws for each row of another one"
        view.sink.report(BAD_VALUE, view.document.key_span(path), told, help="remove it")
        return
    of, of_path = "", path
    if isinstance(given, dict):
        of, of_path = str(given.get("of", "")), (*path, "of")
        if "rows" not in given:
            told = "`rows` is missing in `until`"
            view.sink.report(MISSING_KEY, view.document.key_span(path), told, help="add `rows: 1000`")
        else:
            view.check_value((*path, "rows"), Takes.INT, view.params_scope())
    elif is_formula(given):
        view.check_value(path, Takes.INT, view.params_scope())
    elif isinstance(given, str):
        found = _TEXT.match(given.strip())
        if found is None:
            told = f"`{given}` does not say how many rows are wanted"
            view.sink.report(BAD_VALUE, view.document.span(path), told, help="write `1000 accepted` or `1000 of STEP`")
            return
        of = found[3] or ""
    _check_step(view, of, of_path)


def _check_step(view: StepView, name: str, path: Path) -> None:
    if not name or name in view.spec.steps:
        if name == view.step.name:
            told = "every row of the step itself is one of it, so this is a number of rows to give"
            view.sink.report(BAD_VALUE, view.document.span(path), told, help="name a step that comes after it")
        return
    near = did_you_mean(name, view.spec.steps)
    view.sink.report(BAD_VALUE, view.document.span(path), f"there is no step `{name}` to count the rows of", help=near)


def counted_step(view: StepView) -> str | None:
    """The step that `until` names, empty where it counts what comes into the output; None where it cannot be read."""
    given = view.option("until")
    if isinstance(given, dict):
        return str(given.get("of", ""))
    found = _TEXT.match(given.strip()) if isinstance(given, str) else None
    return (found[3] or "") if found is not None else "" if is_formula(given) or isinstance(given, int) else None


def wanted(step: BoundStep) -> Wanted | None:
    """What a source is to give rows for; None when it gives all that it has. Raises `StepStopped`."""
    view = step.view
    if UNTIL not in view.options or not view.given("until"):
        return None
    path, given = view.path("until"), view.option("until")
    if isinstance(given, dict):
        return Wanted(_number(step, (*path, "rows")), str(given.get("of", "")))
    found = _TEXT.match(given.strip()) if isinstance(given, str) else None
    return Wanted(int(found[1]), found[3] or "") if found is not None else Wanted(_number(step, path))


def _number(step: BoundStep, path: Path) -> int:
    rows: Any = step.evaluated(path)
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 1:
        raise StepStopped(f"`until` of step `{step.name}` takes a number of rows, not `{rows}`")
    return rows
