"""Rows on their way into a pipeline that is a step, and out of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from atk_interp.diagnostics import Diagnostic, did_you_mean
from atk_interp.expressions.codes import MAYBE_MISSING
from atk_interp.expressions.kinds import Kind, kind_of, kinds_of, type_in_words, value_in_words
from atk_interp.expressions.types import Type
from atk_interp.kinds.base.cardinality import Cardinality
from atk_interp.kinds.base.codes import ROWS_DO_NOT_FIT, UNKNOWN_RESULT
from atk_interp.kinds.base.typed import TypedFields
from atk_interp.kinds.base.view import Analysed, StepView
from atk_interp.spec import PipelineSpec
from atk_interp.templates import used_names
from atk_interp.values import Value

__all__ = ["check_rows", "misfit", "not_needed", "replaced", "report_misfits", "result_of"]

_SOURCES = (Cardinality.SOURCE, Cardinality.SOURCE_OR_ONE, Cardinality.SOURCE_OR_MANY)


def replaced(view: StepView, analysis: Analysed) -> str | None:
    """The source of the pipeline whose place the rows take; None without `into`, or where it is not there."""
    name = view.option("into")
    assert view.around is not None
    if name is None:
        return None
    if not view.step.inputs:
        told = "`into` says where rows go, and this step is given none"
        help_ = "write `from:` with the step before it"
        view.sink.report(ROWS_DO_NOT_FIT, view.document.span(view.path("into")), told, help=help_)
        return None
    steps = analysis.spec.steps
    sources = [
        known
        for known, inner in analysis.views.items()
        if known in steps and not inner.step.inputs and view.around.cardinality(inner) in _SOURCES
    ]
    if name in sources:
        return str(name)
    told = f"pipeline `{analysis.spec.name}` has no step `{name}`"
    told = f"step `{name}` of pipeline `{analysis.spec.name}` takes rows from within it" if name in steps else told
    view.sink.report(
        ROWS_DO_NOT_FIT,
        view.document.span(view.path("into")),
        told,
        notes=["its sources are " + (", ".join(f"`{source}`" for source in sources) or "none")],
        help=did_you_mean(name, sources) if name not in steps else None,
    )
    return None


def not_needed(analysis: Analysed, into: str | None) -> Collection[str]:
    """The parameters that only a source reads whose place rows of another pipeline take."""
    if into is None:
        return ()
    others = [view for name, view in analysis.views.items() if name != into]  # those of loops are among them
    needed = {name for view in (*others, *analysis.outputs.values()) for name in _names(view)}
    return _names(analysis.views[into]) - needed


def _names(view: StepView) -> set[str]:
    """The names of parameters and fields that a step reads."""
    names = {name for expression in view.expressions.values() for name in expression.names}
    for template in view.templates.values():
        names |= used_names(template)
    for messages in view.message_lists.values():
        names |= messages.names()
    for prompt in view.loaded.values():
        names |= prompt.names()
    return names


def check_rows(view: StepView, analysis: Analysed, into: str | None) -> bool:
    """Whether rows are handed to a pipeline that takes them, and are those that it declares."""
    spec = analysis.spec
    inputs = [step for step in spec.steps.values() if step.kind == "input"]
    told, help_ = None, None
    declared: Mapping[str, Type] = {}
    if view.given("into"):
        if into is None:
            return False
        declared = analysis.fields[into].fields
        told = _misfit(view, spec, declared)
    elif len(inputs) > 1:
        told = f"pipeline `{spec.name}` has {len(inputs)} `input` steps, and it is not clear which takes the rows"
    elif inputs and not view.step.inputs:
        told, help_ = f"pipeline `{spec.name}` takes rows, and is given none", "write `from:` with the step before it"
    elif not inputs and view.step.inputs:
        told = f"pipeline `{spec.name}` has no `input` step, so it takes no rows"
        help_ = "remove `from`, or say with `into` which of its sources the rows stand for"
    if told is not None:
        pass
    elif view.step.has_when and (view.given("matrix") or view.given("repeats")):
        among = "matrix" if view.given("matrix") else "repeats"
        told, help_ = f"with `{among}` a row that passes the step by would come out several times", "remove `when`"
    elif not view.step.inputs and view.step.has_when:
        told, help_ = "`when` is about rows, and this step takes none", "remove `when`, and filter what comes out"
    elif not view.step.inputs and view.given("where"):
        told, help_ = "`where` is about rows, and this step takes none", "remove `where`, and filter what comes out"
    elif inputs and into is None:
        declared = TypedFields.of(inputs[0].options.get("fields") or {}).types
        told = _misfit(view, spec, declared)
    if told is None:
        _report_gaps(view, spec, declared)
        return True
    place = view.path("from") if view.step.inputs else view.path("when" if view.step.has_when else "pipeline")
    view.sink.report(ROWS_DO_NOT_FIT, view.document.span(place), told, help=help_)
    return False


def _misfit(view: StepView, spec: PipelineSpec, declared: Mapping[str, Type]) -> str | None:
    """How the rows differ from what a step of the pipeline declares."""
    for name, wanted in declared.items():
        given = view.input.fields.get(name)
        if given is None and not view.input.open and Kind.NULL not in kinds_of(wanted):
            return f"pipeline `{spec.name}` takes rows with `{name}`, and these have none"
        if given is not None and not kinds_of(given) & kinds_of(wanted):
            words = f"{type_in_words(wanted)}, and here it is {type_in_words(given)}"
            return f"pipeline `{spec.name}` takes rows in which `{name}` is {words}"
    return None


def _report_gaps(view: StepView, spec: PipelineSpec, declared: Mapping[str, Type]) -> None:
    """Report fields that some rows may lack which a step of the pipeline declares."""
    for name, wanted in declared.items():
        given = view.input.fields.get(name)
        if given is None or kinds_of(given) - kinds_of(wanted) != {Kind.NULL}:
            continue
        why = view.lacking.get(name)
        view.sink.report(
            MAYBE_MISSING,
            view.document.span(view.path("from")),
            f"`{name}` may be none, and pipeline `{spec.name}` takes {type_in_words(wanted)}, so it rejects such rows",
            notes=[why] if why else (),
            help=f"leave them out before, with `keep: {name} is not none`",
        )


def misfit(declared: Mapping[str, Type], fields: Mapping[str, Value]) -> str | None:
    """How the fields of a row differ from what a step declares of it; None where they do not."""
    for name, wanted in declared.items():
        value = fields.get(name)
        if kind_of(value) not in kinds_of(wanted):
            found = f"is {value_in_words(value)}" if name in fields else "is missing"
            return f"`{name}` {found}, and {type_in_words(wanted)} is declared"
    return None


def report_misfits(view: StepView, spec: PipelineSpec, misfits: Sequence[Diagnostic]) -> None:
    """Report the first of the errors that only the rows make which are handed to a pipeline."""
    for misfit in misfits[:1]:
        view.sink.report(
            ROWS_DO_NOT_FIT,
            view.document.span(view.path("from")),
            f"the rows do not fit pipeline `{spec.name}`: {misfit.message}",
            notes=[f"it reads them at {misfit.span}"] if misfit.span else (),
        )


def result_of(view: StepView, analysis: Analysed, place: str) -> tuple[str, str | None] | None:
    """The step whose rows come out, and the output that chooses among them: what `output` says, or the only output.

    `place` is the key to report at that it is not said.
    """
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
        view.document.span(view.path("output" if name is not None else place)),
        many if name is None else f"pipeline `{spec.name}` has no output or step `{name}`",
        notes=[f"its outputs are {listed}"],
        help=did_you_mean(name, known) if name is not None else "name an output or a step of it with `output:`",
    )
    return None
