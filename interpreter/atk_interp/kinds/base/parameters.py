"""Parameters of another pipeline that a step gives values: under `with`, and along a `matrix`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from atk_interp.diagnostics import did_you_mean
from atk_interp.document import Path
from atk_interp.expressions.kinds import kinds_of, type_in_words
from atk_interp.expressions.types import Type
from atk_interp.kinds.base.codes import WRONG_PARAMETERS
from atk_interp.kinds.base.view import StepView
from atk_interp.kinds.base.written import is_formula
from atk_interp.spec import (
    PipelineSpec,
    check_value,
    describe_param,
    missing,
    param_type,
    unknown_keys,
    unmet,
    unquoted,
    where_wrong,
)
from atk_interp.values import Value

__all__ = ["OUTPUT_DIR", "check_parameters", "settled"]

OUTPUT_DIR = "output_dir"
"""The one parameter that a pipeline has from the run: nothing is written where it is a step."""


def check_parameters(
    view: StepView, spec: PipelineSpec, types: Mapping[str, Type], axes: Mapping[str, Type], free: Collection[str]
) -> None:
    """Report values that the other pipeline does not take, and parameters that lack one and are not `free`.

    `types` are those of what stands under `with`, `axes` those of what the matrix gives.
    """
    path = view.path("with")
    used = {name for expression in view.expressions.values() for name in expression.names}
    for name in axes:
        place = (*view.path("matrix"), name)
        values = view.document.get(place)
        told = None
        if name in types:
            told = f"`{name}` has a value under `with`, too"
        elif name in spec.params and isinstance(values, list):
            wrong = (check_value(spec.params[name], value) for value in values if not _is_computed(value))
            told = next((problem for problem in wrong if problem), None)
        if told is not None:
            view.sink.report(WRONG_PARAMETERS, view.document.key_span(place), told)
        if name not in spec.params and name not in used:
            _report_unknown(view, spec, name, place)
    for name, type_ in types.items():
        value = view.document.get((*path, name))
        if name not in spec.params:
            _report_unknown(view, spec, name, (*path, name))
            continue
        param = spec.params[name]
        told = help_ = None
        if not _is_computed(value):
            told, help_ = check_value(param, value), unquoted(param, value)
        elif is_formula(value) and not kinds_of(type_) & kinds_of(param_type(param)):
            told = f"`{name}` takes {type_in_words(param_type(param))}, and this is {type_in_words(type_)}"
        if told is not None:
            place = () if is_formula(value) else where_wrong(param, value)
            view.sink.report(WRONG_PARAMETERS, view.document.span((*path, name, *place)), told, help=help_)
        for inner, told, help_ in unknown_keys(param, value):
            view.sink.report(WRONG_PARAMETERS, view.document.key_span((*path, name, *inner)), told, help=help_)
    _check_requirements(view, spec, types, axes)
    given = dict.fromkeys([*types, *axes], True)
    lacking = [param for param in missing(spec.params, given) if param.name not in (OUTPUT_DIR, *free)]
    if lacking:
        names = " and ".join(f"`{param.name}`" for param in lacking)
        place = path if view.given("with") else view.path("pipeline")
        view.sink.report(
            WRONG_PARAMETERS,
            view.document.key_span(place),
            f"pipeline `{spec.name}` requires {names}",
            notes=[describe_param(param) for param in lacking[:2]],
            help=f"add `{lacking[0].name}:` under `with:`",
        )


def _check_requirements(
    view: StepView, spec: PipelineSpec, types: Mapping[str, Type], axes: Mapping[str, Type]
) -> None:
    """Report requirements of the other pipeline that do not hold, as far as what is written down says so."""
    path = view.path("with")
    written = {name: view.document.get((*path, name)) for name in types if name in spec.params}
    given = {name: value for name, value in written.items() if value is not None}
    values = settled(spec, {name: param.default for name, param in spec.params.items()} | given)
    known = {
        name: value
        for name, value in values.items()
        if name not in axes and not _is_computed(value) and check_value(spec.params[name], value) is None
    }
    for found in unmet(spec, known):
        named = next(((*path, *place) for place in found.places if place[0] in given), view.path("pipeline"))
        told = f"pipeline `{spec.name}`: {found.label}"
        view.sink.report(WRONG_PARAMETERS, view.document.key_span(named), told, notes=found.notes())


def _is_computed(value: Any) -> bool:
    """Whether a value is known only when the step runs: a formula, or a list with one among its items."""
    return is_formula(value) or (isinstance(value, list) and any(is_formula(item) for item in value))


def _report_unknown(view: StepView, spec: PipelineSpec, name: str, path: Path) -> None:
    view.sink.report(
        WRONG_PARAMETERS,
        view.document.key_span(path),
        f"pipeline `{spec.name}` has no parameter `{name}`",
        notes=["its parameters are " + (", ".join(f"`{known}`" for known in spec.params) or "none")],
        help=did_you_mean(name, spec.params),
    )


def settled(spec: PipelineSpec, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values without those of required parameters that have none, for what they are needed for is left out."""
    return {name: value for name, value in values.items() if value is not None or not spec.params[name].required}
