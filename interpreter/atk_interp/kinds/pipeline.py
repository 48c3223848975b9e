"""The `pipeline` kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from os.path import normpath
from pathlib import Path as FilePath
from typing import Any

from atk_interp.diagnostics import did_you_mean, near
from atk_interp.expressions.types import INT, RecordType
from atk_interp.kinds.base import BoundStep, Cardinality, StepKind, StepStopped, StepView, is_formula, one_line
from atk_interp.kinds.base.axes import MOST_VARIANTS, REPEAT, check_draws, rounds, types_of_axes
from atk_interp.kinds.base.codes import WRONG_PARAMETERS
from atk_interp.kinds.base.handing import check_rows, not_needed, replaced, report_misfits, result_of
from atk_interp.kinds.base.nested import Inlined, NestedRows, Variant
from atk_interp.kinds.base.overrides import check_folders, folders_of
from atk_interp.kinds.base.parameters import OUTPUT_DIR, check_parameters, settled
from atk_interp.kinds.base.view import Analysed
from atk_interp.spec import (
    Option,
    Param,
    PipelineSpec,
    Takes,
    check_value,
    describe_param,
    missing,
    unmet,
)
from atk_interp.values import Row, Value

__all__ = ["Pipeline"]

_OPEN = RecordType({}, open=True)


class Pipeline(StepKind):
    """Use another pipeline as a step.

    Its steps become part of this run: they share its ledger, its endpoints and its progress, under the name of this
    step (`facts.passages`). Its parameters have the values that `with` gives them, and else their defaults; nothing
    else of this pipeline reaches it, and its output files are not written. Prompts in the folders under `prompts` take
    the place of its own, file by file, as in a config.

    A pipeline with an `input` step takes the rows of `from`: when that step declares `fields`, these fields of each
    row and no others. One without is a source, and takes no `from`, unless `into` names one of its sources: then the
    rows take the place of what that would make, with the fields that it would give, and parameters that only it reads
    need no value. What comes out are the rows of the step or output that `output` names, with the fields that they
    have there; a pipeline with one output needs no `output`. A step of kind `result` takes those of another one.

    With `matrix` it is used once for each combination of the values (`facts.1`, `facts.2`), and the rows of one
    combination stand after those of the one before, with its values in fields of their names. A name under `matrix`
    is a parameter of the pipeline, or stands in the expressions of `with`, `prompts` or `where`. Each combination takes
    all rows, or those for which `where` holds; with an empty list there is none, and no rows come out. Lists under
    `together` are gone through side by side. `draws: 12` takes so many combinations in place of all: from each list
    values are drawn without replacement until it is used up, then again in another order, as the seed has it.

    `repeats: 3` uses it so many times, with the number in a field `repeat`. Each time, and when a combination is drawn
    again, its random choices are others and its models are asked for other replies, as in a run with another seed.

    What comes out is brought together by one name of the matrix with `group` (`by: style`), or divided with `where` of
    the outputs.
    """

    name = "pipeline"
    cardinality = Cardinality.SOURCE_OR_MANY
    options = (
        Option("pipeline", Takes.NAME, "The spec: a path relative to this one, or a name.", required=True),
        Option(
            "with",
            Takes.STRUCTURE,
            "Values for its parameters: literals, or `=expr` over the parameters of this pipeline and the values of "
            "`matrix`.",
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
        Option("into", Takes.NAME, "The source of it whose place the rows of `from` take."),
        Option(
            "prompts",
            Takes.STRUCTURE,
            "A folder of prompts, or several, the first that has a prompt first: relative to this spec, or a folder "
            "among its prompts. Or `=expr`, also over the values of `matrix`; an empty text is no folder.",
            schema={"type": ["string", "list"], "schema": {"type": "string"}, "minlength": 1},
        ),
        Option(
            "matrix",
            Takes.STRUCTURE,
            "Parameters of it, or other names, each with a list of values (or `=expr` that gives one): it is used "
            "once for each combination.",
            schema={"type": "dict", "minlength": 1, "valuesrules": {"type": ["list", "formula"], "minlength": 1}},
        ),
        Option(
            "together",
            Takes.STRUCTURE,
            "Names of `matrix` whose lists are gone through side by side: lists of their names.",
            schema={"type": "list", "schema": {"type": "list", "minlength": 2, "schema": {"type": "string"}}},
        ),
        Option(
            "draws", Takes.INT, "Draw so many combinations of `matrix`, each list in rounds.", min=1, max=MOST_VARIANTS
        ),
        Option("where", Takes.EXPRESSION, "Which rows a combination takes: over their fields and its values."),
        Option(
            "repeats",
            Takes.INT,
            "Use it so many times, each time with other replies and other random choices.",
            min=1,
            max=MOST_VARIANTS,
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        assert view.around is not None
        axes = types_of_axes(view)
        scope = {**view.params_scope(), **axes}
        given: Mapping[str, Any] = view.option("with") or {}
        types = {name: view.content((*view.path("with"), name), scope) for name in given}
        check_draws(view)
        if view.given("where"):
            view.expression(view.path("where"), view.row_scope(axes))
        nested = view.around.open_pipeline(view, view.option("pipeline"), view.path("pipeline"))
        if nested is None:
            return _OPEN
        spec = nested.analysis.spec
        check_folders(view, nested, scope)
        into = replaced(view, nested.analysis)
        result = result_of(view, nested.analysis, "pipeline")
        unclear = view.given("into") and into is None  # which is told
        check_parameters(view, spec, types, axes, spec.params if unclear else not_needed(nested.analysis, into))
        _check_slots(view, spec)
        analysis, fits = nested.analysis, check_rows(view, nested.analysis, into)
        handed = view.input if fits and view.step.inputs and into is None and not view.input.open else None
        if handed is not None:
            analysis, misfits = nested.fit(handed, ())
            report_misfits(view, spec, misfits)
        if result is None or not fits:
            return _OPEN
        told = {**axes, REPEAT: INT} if view.given("repeats") else axes
        view.nested = NestedRows(
            analysis, *result, _slots(view, spec), into, told, partial(nested.fit, handed), nested.find_prompts
        )
        made = analysis.fields.get(result[0], _OPEN)
        view.writes(axes, view.path("matrix"))
        view.writes({REPEAT: INT} if view.given("repeats") else {}, view.path("repeats"))
        return RecordType({**made.fields, **told}, made.open)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        told = {}
        if isinstance(view.nested, NestedRows):
            told["pipeline"] = view.nested.analysis.spec.document.file.path
        if view.given("with"):
            told["with"] = one_line(view.option("with"))
        if view.given("prompts"):
            told["prompts"] = one_line(view.option("prompts"))
        if view.given("into"):
            told["from"] = f"in place of `{view.option('into')}`"
        if view.given("matrix"):
            told["matrix"] = "; ".join(f"{name}: {one_line(values)}" for name, values in view.option("matrix").items())
        for name in ("where", "repeats"):
            if view.given(name):
                told[name] = one_line(view.option(name))
        return told

    def bind(self, step: BoundStep) -> Inlined:
        result: NestedRows = step.view.nested
        fitted = cache(partial(_opened, step, result))
        variants = [
            Variant(
                _values(step, result, chosen),
                chosen,
                fitted(folders_of(step, chosen, result.find_prompts)),
                number,
                _taken(step, chosen),
            )
            for chosen, number in rounds(step)
        ]
        return Inlined(result.source, result.output, result.slots, variants, result.into)


def _opened(step: BoundStep, result: NestedRows, folders: tuple[FilePath, ...]) -> Analysed:
    """The pipeline with prompts of some folders. Raises `StepStopped` for prompts that do not fit."""
    if not folders:
        return result.analysis
    analysis, findings = result.fit(folders)
    for finding in findings[:1]:
        raise StepStopped(f"`prompts` of step `{step.name}`: {finding.message} ({finding.span})")
    return analysis


def _taken(step: BoundStep, chosen: Mapping[str, Value]) -> Callable[[Row], Any] | None:
    """Which rows a combination takes. Raises `RowFailed` for one that it cannot judge."""
    if not step.view.given("where"):
        return None
    rule = step.rule(step.view.path("where"))
    return lambda row: rule({**step.names(row), **chosen})


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


def _slots(view: StepView, spec: PipelineSpec) -> dict[str, str]:
    given: Mapping[str, str] = view.option("models") or {}
    return {name: given.get(name, name) for name in spec.models}


def _values(step: BoundStep, result: NestedRows, chosen: Mapping[str, Value]) -> dict[str, Value]:
    """A value for every parameter of the pipeline. Raises `StepStopped` for one that does not fit."""
    spec = result.analysis.spec
    free = {OUTPUT_DIR, *not_needed(result.analysis, result.into)}
    values: dict[str, Value] = {name: param.default for name, param in spec.params.items()}
    if OUTPUT_DIR in values and isinstance(step.params.get(OUTPUT_DIR), str):
        values[OUTPUT_DIR] = step.params[OUTPUT_DIR]
    for name in step.view.option("with") or {}:
        path = (*step.view.path("with"), name)
        value = step.content(path)({**step.base, **chosen})
        if value is not None:
            literal = not is_formula(step.view.document.get(path))
            values[name] = _from_folder(spec.params[name], value, step.folder) if literal else value
    own = {name: value for name, value in chosen.items() if name in spec.params}
    values.update({name: _from_folder(spec.params[name], value, step.folder) for name, value in own.items()})
    lacking = [param for param in missing(spec.params, values) if param.name not in free]
    needed = [name for param in lacking for name in _left_out(step, param.name)]
    if needed:
        help_ = f"give `{needed[0]}` in the config, or leave out what step `{step.name}` works on"
        raise StepStopped(f"`{step.name}` needs `{needed[0]}`, which has no value", help_)
    problems = [f"{describe_param(param)} has no value" for param in lacking]
    problems += [
        told for name, value in values.items() if value is not None and (told := check_value(spec.params[name], value))
    ]
    if not problems:
        problems += [found.told() for found in unmet(spec, settled(spec, values))]
    if problems:
        raise StepStopped(f"pipeline `{spec.name}` in step `{step.name}`: {problems[0]}")
    return values


def _left_out(step: BoundStep, name: str) -> list[str]:
    """The parameters without a value from which the value of one of the other pipeline would be made."""
    made_of = step.view.expressions.get((*step.view.path("with"), name))
    return [] if made_of is None else [known for known in made_of.names if step.params.get(known, "") is None]


def _from_folder(param: Param, value: Value, folder: FilePath) -> Value:
    """A path that is written down is relative to the spec in which it stands."""
    if param.type == "path" and isinstance(value, str) and value and "://" not in value:
        return normpath((folder / FilePath(value).expanduser()).absolute())
    return value
