"""What a step reads replies with, and the functions of the user's that it calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from atk_interp.document import Path
from atk_interp.expressions.types import ANY, Type
from atk_interp.kinds.base.codes import BAD_PARSE, UNUSABLE_FUNCTION
from atk_interp.kinds.base.written import place_named
from atk_interp.replies import OptionsError, build_reader

if TYPE_CHECKING:
    from atk_interp.foreign.function import Function
    from atk_interp.kinds.base.view import StepView

__all__ = ["fields_read", "found_function"]


def fields_read(view: StepView, name: str, *, writes: bool) -> Mapping[str, Type]:
    """Build the reader of replies; the fields that it reads (those it may overwrite when it is broken).

    With `writes` they become fields of the rows.
    """
    try:
        view.reader = build_reader(view.step.options[name])
    except OptionsError as error:
        path = (*view.path(name), *error.path)
        help_ = _standing_wrong(view, name, error.path) or error.help
        span = view.document.key_span(path) if error.is_key else view.document.head_span(path)
        view.sink.report(BAD_PARSE, span, str(error), help=help_)
        view.parse_is_broken = True
        return {field: ANY for field in view.input.fields if place_named(view.document, field, view.path(name))}
    if view.reader.unfilled is not None:
        view.expression((*view.path(name), view.reader.unfilled), view.params_scope())
    if view.reader.function is not None:
        path = (*view.path(name), "python")
        function = view.function(path, positional=1)
        view.reader = view.reader.reading_with(function) if function is not None else view.reader
    if writes:
        view.writes(view.reader.fields, view.path(name))
    return view.reader.fields


def found_function(view: StepView, path: Path, given: Sequence[str], positional: int) -> Function | None:
    """Find the Python function that is named at a path, and check that it takes these arguments; None if not."""
    from atk_interp.foreign.function import FunctionNotUsable  # imported late: few specs name one

    span = view.document.span(path)
    try:
        assert view.around is not None
        found = view.around.open_function(view.document.get(path))
    except FunctionNotUsable as error:
        view.sink.report(UNUSABLE_FUNCTION, span, str(error), help=error.help)
        return None
    misfit = found.parameters.misfit(given, positional) if found.parameters is not None else None
    if misfit is not None:
        view.sink.report(UNUSABLE_FUNCTION, span, f"function `{found.name}` {misfit}")
        return None
    view.functions[path] = found
    return found


def _standing_wrong(view: StepView, name: str, inner: Path) -> str | None:
    """What to do with a key of the step that stands in one of its values, when that one cannot have it."""
    key = inner[-1] if len(inner) == 1 else None
    if key not in {option.name for option in view.options} or view.given(str(key)):
        return None
    return f"`{key}` is a key of the step: indent it as `{name}` is"
