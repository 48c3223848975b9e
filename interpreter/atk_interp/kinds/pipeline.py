"""The `pipeline` kind."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import normpath
from pathlib import Path as FilePath
from typing import Any

from atk_interp.diagnostics import did_you_mean, near
from atk_interp.document import Path
from atk_interp.expressions.kinds import kinds_of, type_in_words
from atk_interp.expressions.types import ANY, AnyType, ListType, RecordType, Type, without_null
from atk_interp.kinds.base import BoundStep, Cardinality, StepKind, StepStopped, StepView, is_formula, one_line
from atk_interp.kinds.base.codes import ROWS_DO_NOT_FIT, UNKNOWN_RESULT, WRONG_PARAMETERS
from atk_interp.kinds.base.fields import declared_types
from atk_interp.kinds.base.matrix import combinations, number_of
from atk_interp.kinds.base.nested import Inlined, NestedRows, Variant
from atk_interp.kinds.base.view import Analysed
from atk_interp.spec import (
    Option,
    Param,
    PipelineSpec,
    Takes,
    check_value,
    describe_param,
    missing,
    param_type,
    unquoted,
)
from atk_interp.spec.codes import BAD_VALUE
from atk_interp.values import Value

__all__ = ["Pipeline"]

_OPEN = RecordType({}, open=True)
_OUTPUT_DIR = "output_dir"
_MOST_VARIANTS = 1000


class Pipeline(StepKind):
    """Use another pipeline as a step.

    Its steps become part of this run: they share its ledger, its endpoints and its progress, under the name of this
    step (`facts.passages`). Its parameters have the values that `with` gives them, and else their defaults; nothing
    else of this pipeline reaches it, and its output files are not written.

    A pipeline with an `input` step takes the rows of `from`: when that step declares `fields`, these fields of each
    row and no others. One without is a source, and takes no `from`. What comes out are the rows of the step or output
    that `output` names, with the fields that they have there; a pipeline with one output needs no `output`.

    With `matrix` it is used once for each combination of the values (`facts.1`, `facts.2`), and the rows of one
    combination stand after those of the one before, with its values in fields of the names of the parameters. Lists
    under `together` are gone through side by side. `draws: 12` takes so many combinations in place of all: from each
    list values are drawn without replacement until it is used up, then again in another order, as the seed has it; a
    combination that is drawn twice gives the same rows twice.

    What comes out is brought together by one parameter of the matrix with `group` (`by: style`), or divided with
    `where` of the outputs.
    """

    name = "pipeline"
    cardinality = Cardinality.SOURCE_OR_MANY
    options = (
        Option("pipeline", Takes.NAME, "The spec: a path relative to this one, or a name.", required=True),
        Option(
            "with",
            Takes.STRUCTURE,
            "Values for its parameters: literals, or `=expr` over the parameters of this pipeline.",
            schema={"type": "dict", "minlength": 1},
        ),
        Option(
            "models",
            Takes.STRUCTURE,
            "Its model slots, each with the slot of this pipeline that answers; the one of the same name when not "
            "given.",
            schema={"type": "dict", "minlength": 1, "valuesrules": {"type": "string"}},
        ),
        Option("output", Takes.NAME, "The output or step of it whose rows come out."),
        Option(
            "matrix",
            Takes.STRUCTURE,
            "Parameters of it, each with a list of values (or `=expr` that gives one): it is used once for each "
            "combination.",
            schema={"type": "dict", "minlength": 1, "valuesrules": {"type": ["list", "formula"], "minlength": 1}},
        ),
        Option(
            "together",
            Takes.STRUCTURE,
            "Parameters of `matrix` whose lists are gone through side by side: lists of their names.",
            schema={"type": "list", "schema": {"type": "list", "minlength": 2, "schema": {"type": "string"}}},
        ),
        Option(
            "draws", Takes.INT, "Draw so many combinations of `matrix`, each list in rounds.", min=1, max=_MOST_VARIANTS
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        assert view.around is not None
        given: Mapping[str, Any] = view.option("with") or {}
        types = {name: view.content((*view.path("with"), name), view.params_scope()) for name in given}
        axes = _axes(view)
        _check_draws(view)
        nested = view.around.open_pipeline(view, view.option("pipeline"), view.path("pipeline"))
        if nested is None:
            return _OPEN
        spec = nested.analysis.spec
        _check_parameters(view, spec, types, axes)
        _check_slots(view, spec)
        result = _result(view, nested.analysis)
        analysis, fits = nested.analysis, _check_rows(view, spec)
        if fits and view.step.inputs and not view.input.open:
            analysis, misfits = nested.fit(view.input)
            for misfit in misfits[:1]:
                view.sink.report(
                    ROWS_DO_NOT_FIT,
                    view.document.span(view.path("from")),
                    f"the rows do not fit pipeline `{spec.name}`: {misfit.message}",
                    notes=[f"it reads them at {misfit.span}"] if misfit.span else (),
                )
        if result is None or not fits:
            return _OPEN
        view.nested = NestedRows(analysis, *result, _slots(view, spec))
        made = analysis.fields.get(result[0], _OPEN)
        view.writes(axes, view.path("matrix"))
        return RecordType({**made.fields, **axes}, made.open)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        told = {}
        if isinstance(view.nested, NestedRows):
            told["pipeline"] = view.nested.analysis.spec.document.file.path
        if view.given("with"):
            told["with"] = one_line(view.option("with"))
        if view.given("matrix"):
            told["matrix"] = "; ".join(f"{name}: {one_line(values)}" for name, values in view.option("matrix").items())
        return told

    def bind(self, step: BoundStep) -> Inlined:
        result: NestedRows = step.view.nested
        spec = result.analysis.spec
        variants = [Variant(_values(step, spec, chosen), chosen) for chosen in _combinations(step)]
        return Inlined(result.analysis, result.source, result.output, result.slots, variants)


def _axes(view: StepView) -> dict[str, Type]:
    """The parameters of the matrix, with the type of one value of each."""
    types: dict[str, Type] = {}
    for name, values in (view.option("matrix") or {}).items():
        path = (*view.path("matrix"), name)
        listed = without_null(view.content(path, view.params_scope()))
        types[name] = listed.item if isinstance(listed, ListType) else ANY
        if is_formula(values) and not isinstance(listed, ListType | AnyType):
            told = f"`{name}` takes a list of values, and this is {type_in_words(listed)}"
            view.sink.report(WRONG_PARAMETERS, view.document.span(path), told)
    return types


def _check_draws(view: StepView) -> None:
    """Report what `together` and `draws` say of parameters that `matrix` does not have."""
    matrix: Mapping[str, Any] = view.option("matrix") or {}
    view.value("draws")
    for name in ("together", "draws"):
        if view.given(name) and not matrix:
            told = f"`{name}` has no effect without `matrix`"
            view.sink.report(BAD_VALUE, view.document.key_span(view.path(name)), told)
    seen: set[str] = set()
    for number, group in enumerate(view.option("together") or () if matrix else ()):
        lengths = {len(matrix[name]) for name in group if isinstance(matrix.get(name), list)}
        if len(lengths) > 1:
            told = "lists that are gone through side by side are of one length"
            view.sink.report(BAD_VALUE, view.document.span((*view.path("together"), number)), told)
        for index, name in enumerate(group):
            told = f"`{name}` stands here twice" if name in seen else f"`{name}` is not under `matrix`"
            if name in seen or name not in matrix:
                span = view.document.span((*view.path("together"), number, index))
                view.sink.report(BAD_VALUE, span, told, help=did_you_mean(name, matrix) if name not in matrix else None)
            seen.add(name)


def _combinations(step: BoundStep) -> list[dict[str, Value]]:
    """The combinations of the matrix; an empty one without a matrix. Raises `StepStopped`."""
    lists: dict[str, list[Value]] = {}
    for name in step.view.option("matrix") or {}:
        found = step.content((*step.view.path("matrix"), name))(step.base)
        if not isinstance(found, list) or not found:
            raise StepStopped(f"`matrix.{name}` of step `{step.name}` is no list with something in it")
        lists[name] = found
    together: list[list[str]] = step.view.option("together") or []
    for group in together:
        if len({len(lists[name]) for name in group}) > 1:
            listed = " and ".join(f"`{name}`" for name in group)
            raise StepStopped(f"the lists {listed} under `matrix` of step `{step.name}` are not of one length")
    draws = step.whole("draws")
    count = number_of(lists, together) if draws is None else draws
    if count > _MOST_VARIANTS:
        raise StepStopped(f"`matrix` of step `{step.name}` makes {count} combinations, more than {_MOST_VARIANTS}")
    if not lists:
        return [{}]
    return combinations(lists, together, draws, step.seed)


def _check_parameters(view: StepView, spec: PipelineSpec, types: Mapping[str, Type], axes: Mapping[str, Type]) -> None:
    path = view.path("with")
    for name in axes:
        place = (*view.path("matrix"), name)
        values = view.document.get(place)
        told = None
        if name in types:
            told = f"`{name}` has a value under `with`, too"
        elif name in spec.params and isinstance(values, list):
            wrong = (check_value(spec.params[name], value) for value in values if not is_formula(value))
            told = next((problem for problem in wrong if problem), None)
        if told is not None:
            view.sink.report(WRONG_PARAMETERS, view.document.key_span(place), told)
        if name not in spec.params:
            _report_unknown(view, spec, name, place)
    for name, type_ in types.items():
        value = view.document.get((*path, name))
        if name not in spec.params:
            _report_unknown(view, spec, name, (*path, name))
            continue
        param = spec.params[name]
        told = help_ = None
        if not is_formula(value):
            told, help_ = check_value(param, value), unquoted(param, value)
        elif not kinds_of(type_) & kinds_of(param_type(param)):
            told = f"`{name}` takes {type_in_words(param_type(param))}, and this is {type_in_words(type_)}"
        if told is not None:
            view.sink.report(WRONG_PARAMETERS, view.document.span((*path, name)), told, help=help_)
    given = dict.fromkeys([*types, *axes], True)
    lacking = [param for param in missing(spec.params, given) if param.name != _OUTPUT_DIR]
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


def _report_unknown(view: StepView, spec: PipelineSpec, name: str, path: Path) -> None:
    view.sink.report(
        WRONG_PARAMETERS,
        view.document.key_span(path),
        f"pipeline `{spec.name}` has no parameter `{name}`",
        notes=["its parameters are " + (", ".join(f"`{known}`" for known in spec.params) or "none")],
        help=did_you_mean(name, spec.params),
    )


def _check_slots(view: StepView, spec: PipelineSpec) -> None:
    given: Mapping[str, str] = view.option("models") or {}
    path = view.path("models")
    for name in given:
        if name not in spec.models:
            view.sink.report(
                WRONG_PARAMETERS,
                view.document.key_span((*path, name)),
                f"pipeline `{spec.name}` has no model slot `{name}`",
                notes=["its slots are " + (", ".join(f"`{known}`" for known in spec.models) or "none")],
                help=did_you_mean(name, spec.models),
            )
    misspelt = [name for name in given if name not in spec.models]
    for name in spec.models:
        if name in given:
            view.check_slot(given[name], (*path, name))
        elif name in view.spec.models or not misspelt:  # a misspelt name is told of, and may have meant this slot
            view.check_slot(name, view.path("pipeline"), _mapped(view, name))
        else:
            view.used_slots[name] = None


def _mapped(view: StepView, name: str) -> str | None:
    """How a slot of the other pipeline is answered by a slot of this one."""
    slots = [*near(name, view.spec.models), *view.spec.models]
    return f"map it: `models: {{{name}: {slots[0]}}}`, or add `{name}:` to `models:` of this spec" if slots else None


def _check_rows(view: StepView, spec: PipelineSpec) -> bool:
    """Whether rows are handed to a pipeline that takes them, and are those that it declares."""
    inputs = [step for step in spec.steps.values() if step.kind == "input"]
    told, help_ = None, None
    if len(inputs) > 1:
        told = f"pipeline `{spec.name}` has {len(inputs)} `input` steps, and it is not clear which takes the rows"
    elif inputs and not view.step.inputs:
        told, help_ = f"pipeline `{spec.name}` takes rows, and is given none", "write `from:` with the step before it"
    elif not inputs and view.step.inputs:
        told, help_ = f"pipeline `{spec.name}` has no `input` step, so it takes no rows", "remove `from`"
    elif view.step.has_when and view.given("matrix"):
        told, help_ = "with `matrix` a row that passes the step by would come out several times", "remove `when`"
    elif not inputs and view.step.has_when:
        told, help_ = "`when` is about rows, and this step takes none", "remove `when`, and filter what comes out"
    elif inputs:
        told = _misfit(view, spec, declared_types(inputs[0].options.get("fields") or {}))
    if told is None:
        return True
    place = view.path("from") if view.step.inputs else view.path("when" if view.step.has_when else "pipeline")
    view.sink.report(ROWS_DO_NOT_FIT, view.document.span(place), told, help=help_)
    return False


def _misfit(view: StepView, spec: PipelineSpec, declared: Mapping[str, Any]) -> str | None:
    """How the rows differ from what an `input` step declares."""
    for name, wanted in declared.items():
        given = view.input.fields.get(name)
        if given is None and not view.input.open:
            return f"pipeline `{spec.name}` takes rows with `{name}`, and these have none"
        if given is not None and not kinds_of(given) & kinds_of(wanted):
            words = f"{type_in_words(wanted)}, and here it is {type_in_words(given)}"
            return f"pipeline `{spec.name}` takes rows in which `{name}` is {words}"
    return None


def _result(view: StepView, analysis: Analysed) -> tuple[str, str | None] | None:
    """The step whose rows come out, and the output that chooses among them."""
    spec, name = analysis.spec, view.option("output")
    if name in spec.outputs:
        return spec.outputs[name].source, name
    if name in spec.steps:
        return name, None
    if name is None and len(spec.outputs) == 1:
        ((output, written),) = spec.outputs.items()
        return written.source, output
    known = [*spec.outputs, *spec.steps]
    listed = ", ".join(f"`{choice}`" for choice in spec.outputs) or "none"
    many = f"pipeline `{spec.name}` has {len(spec.outputs) or 'no'} outputs, and it is not clear whose rows come out"
    view.sink.report(
        UNKNOWN_RESULT,
        view.document.span(view.path("output" if name is not None else "pipeline")),
        many if name is None else f"pipeline `{spec.name}` has no output or step `{name}`",
        notes=[f"its outputs are {listed}"],
        help=did_you_mean(name, known) if name is not None else "name an output or a step of it with `output:`",
    )
    return None


def _slots(view: StepView, spec: PipelineSpec) -> dict[str, str]:
    given: Mapping[str, str] = view.option("models") or {}
    return {name: given.get(name, name) for name in spec.models}


def _values(step: BoundStep, spec: PipelineSpec, chosen: Mapping[str, Value]) -> dict[str, Value]:
    """A value for every parameter of the pipeline. Raises `StepStopped` for one that does not fit."""
    values: dict[str, Value] = {name: param.default for name, param in spec.params.items()}
    if _OUTPUT_DIR in values and isinstance(step.params.get(_OUTPUT_DIR), str):
        values[_OUTPUT_DIR] = step.params[_OUTPUT_DIR]
    for name in step.view.option("with") or {}:
        path = (*step.view.path("with"), name)
        value = step.content(path)(step.base)
        if value is not None:
            literal = not is_formula(step.view.document.get(path))
            values[name] = _from_folder(spec.params[name], value, step.folder) if literal else value
    values.update({name: _from_folder(spec.params[name], value, step.folder) for name, value in chosen.items()})
    lacking = [param for param in missing(spec.params, values) if param.name != _OUTPUT_DIR]
    problems = [f"{describe_param(param)} has no value" for param in lacking]
    problems += [
        told for name, value in values.items() if value is not None and (told := check_value(spec.params[name], value))
    ]
    if problems:
        raise StepStopped(f"pipeline `{spec.name}` in step `{step.name}`: {problems[0]}")
    return values


def _from_folder(param: Param, value: Value, folder: FilePath) -> Value:
    """A path that is written down is relative to the spec in which it stands."""
    if param.type == "path" and isinstance(value, str) and value and "://" not in value:
        return normpath((folder / FilePath(value).expanduser()).absolute())
    return value
