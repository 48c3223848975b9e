"""How the rows of a step become the records of an output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atk_interp.formats.outputs import OUTPUTS
from atk_interp.formats.writers.base import RecordError
from atk_interp.kinds.base import BoundStep, RowFailed
from atk_interp.plan.model import PlannedOutput
from atk_interp.spec import Output, Takes
from atk_interp.values import Row

__all__ = ["planned_output"]


def planned_output(step: BoundStep, output: Output, source: str) -> PlannedOutput:
    """An output of the rows of the planned step `source`; `step` is the output as a view over them."""
    view = step.view
    where_path = view.path("where")
    where = step.rule(where_path) if where_path in view.expressions else None
    shape = _shape(step)
    write = OUTPUTS[output.format].writer.record

    def record(row: Row) -> bytes | None:
        names = step.names(row)
        try:
            return write(shape(row, names)) if where is None or where(names) else None
        except RowFailed as error:
            raise RecordError(str(error)) from error

    return PlannedOutput(output.name, source, output.format, record)


def _shape(step: BoundStep) -> Callable[[Row, Mapping[str, Any]], Any]:
    """What the writer of the format is handed: messages, chosen fields, or the whole row."""
    view = step.view
    if view.path("messages") in view.message_lists:
        messages = view.message_lists[view.path("messages")]
        render = step.rendering(messages.renderer(), "messages", messages.names())
        return lambda row, names: render(names)
    fields = next((option.name for option in view.options if option.takes is Takes.FIELDS), None)
    if fields is not None and view.given(fields):
        closures = {name: step.content((*view.path(fields), name)) for name in view.option(fields)}
        return lambda row, names: {name: closure(names) for name, closure in closures.items()}
    return lambda row, names: row.fields
