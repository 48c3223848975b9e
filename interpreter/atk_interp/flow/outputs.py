"""The check of one output: what its records are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from atk_interp.document import Path
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import AnyType, RecordType, TextType, without_null
from atk_interp.flow.calls import CALL, asked_by, check_calls
from atk_interp.flow.documents import check_document
from atk_interp.formats.files import NOT_WRITTEN, SUFFIXES, form_of
from atk_interp.formats.outputs import OUTPUTS, OutputFormat
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import StepView
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_NAME, BAD_VALUE, KEYS_AT_ODDS, MISSING_KEY

__all__ = ["check_output"]


def check_output(view: StepView, views: Mapping[str, StepView]) -> None:
    """Check an output as a view over the rows of its step; `views` are the steps that are not broken."""
    format_ = OUTPUTS[view.step.kind]
    view.options = format_.options
    asked = asked_by(view, views) if format_.of_calls else []
    if view.given("where"):
        view.expression(view.path("where"), view.row_scope({"call": CALL} if format_.of_calls else {}))
        view.input = view.narrowed(view.input, view.path("where"))
    _check_one_of(view, format_.one_of)
    _check_name(view, format_)
    for option in format_.options:
        if option.takes is Takes.TEXT and view.given(option.name):
            _check_chosen(view, option)
    if format_.of_learning:
        _check_learned(view, views.get(view.step.inputs[0]))
        return
    if format_.form == "document":
        check_document(view)
        return
    if format_.of_calls:
        check_calls(view, asked, views)
        return
    for option in view.options:
        path = view.path(option.name)
        if not view.given(option.name):
            continue
        if option.takes is Takes.FIELDS:
            fields = view.option(option.name)
            view.record = RecordType({field: view.content((*path, field), view.row_scope()) for field in fields})
        elif option.takes is Takes.TEMPLATE:
            _check_text(view, path)
        elif option.name == "messages":
            view.messages(path, view.row_scope(), trains=format_.trains)


def _check_learned(view: StepView, source: StepView | None) -> None:
    """Report an output of what was learned whose step learns nothing."""
    if view.given("where"):
        told = f"`where` has no effect on `{view.step.name}`, which holds no rows"
        view.sink.report(KEYS_AT_ODDS, view.document.key_span(view.path("where")), told, help="remove it")
    if source is None or (KINDS[source.step.kind].learns and not source.given("load")):
        return
    learning = [step.name for step in view.spec.steps.values() if step.kind in KINDS and KINDS[step.kind].learns]
    listed = ", ".join(f"`{name}`" for name in learning if name != source.step.name)
    told = f"step `{source.step.name}` learns nothing that could be saved"
    help_ = f"steps that learn are {listed}" if listed else "write `format: jsonl`"
    view.sink.report(BAD_VALUE, view.document.span((*view.step.path, "from")), told, help=help_)


def _check_chosen(view: StepView, option: Option) -> None:
    """Report a formula for one of a few words that is not text, or may be another word."""
    found = without_null(view.value(option.name))
    odd = [word for word in (found.choices or () if isinstance(found, TextType) else ()) if word not in option.choices]
    if odd:
        told = f"`{option.name}` cannot be {', '.join(f'`{word}`' for word in odd)}"
        help_ = f"it can be {', '.join(f'`{word}`' for word in option.choices)}"
        view.sink.report(BAD_VALUE, view.document.span(view.path(option.name)), told, help=help_)


def _check_text(view: StepView, path: Path) -> None:
    type_ = without_null(view.content(path, view.row_scope()))
    if not isinstance(type_, TextType | AnyType):
        told = f"`{path[-1]}` takes text, and this is {type_in_words(type_)}"
        help_ = 'put it into a template: `"{{ … }}"`'
        view.sink.report(WRONG_VALUE_TYPE, view.document.span(path), told, help=help_)


def _check_one_of(view: StepView, names: Sequence[str]) -> None:
    """Report when not exactly one of some options is given."""
    given = [name for name in names if view.given(name)]
    either = " or ".join(f"`{name}`" for name in names)
    if names and not given:
        told = f"output `{view.step.name}` needs {either}"
        view.sink.report(MISSING_KEY, view.document.head_span(view.step.path), told, help="write one of them")
    for name in given[1:]:
        told = f"output `{view.step.name}` takes {either}, not both"
        view.sink.report(KEYS_AT_ODDS, view.document.key_span(view.path(name)), told, help="keep one of them")


def _check_name(view: StepView, format_: OutputFormat) -> None:
    """Report a file of one form under the name of another."""
    name = view.step.name
    suffix = PurePosixPath(name).suffix.lower()
    if format_.form is None and suffix in NOT_WRITTEN:
        bare = PurePosixPath(name).with_suffix("")
        better = bare if bare.suffix in (*SUFFIXES, ".jsonl") else bare.with_suffix(".jsonl")
        told = f"`{name}` would be no `{suffix}` file: {NOT_WRITTEN[suffix]}"
        view.sink.report(BAD_NAME, view.document.key_span(view.step.path), told, help=f"name it `{better}`")
        return
    if format_.form is None or format_.form == "document" or form_of(name) == format_.form:
        return
    suffix = next(suffix for suffix, form in SUFFIXES.items() if form == format_.form)
    told = f"`{name}` is no name of a `{format_.name}` file"
    mend = f"name it `{PurePosixPath(name).with_suffix(suffix)}`"
    view.sink.report(BAD_NAME, view.document.key_span(view.step.path), told, help=mend)
