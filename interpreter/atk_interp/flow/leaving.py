"""The fields of the rows that leave a step."""

from __future__ import annotations

from atk_interp.expressions.types import ANY, MaybeType, RecordType
from atk_interp.flow.edges import OPEN, after_when
from atk_interp.installed import failure, given_by
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import StepView
from atk_interp.spec.codes import UNKNOWN_KIND

__all__ = ["left_by", "left_unread"]


def left_by(view: StepView) -> RecordType:
    """Check a step; the fields of the rows that leave it."""
    before = view.input
    skipped = _skipped(view) if view.step.has_when else None
    made = _flowing(view)
    if view.parse_is_broken:
        made = RecordType(made.fields, open=True)  # what a reading would write is not known
    made = made if skipped is None else after_when(skipped, made)
    view.passing = before, made
    return made


def _flowing(view: StepView) -> RecordType:
    """The fields of the rows that leave a step. A kind that a package adds may fail at this, which is told there."""
    name = view.step.kind
    try:
        made: object = KINDS[name].flow(view)
        if given_by(KINDS, name) is not None and not isinstance(made, RecordType):
            raise TypeError(f"`flow` gave a `{type(made).__name__}`, which is no `RecordType`")
    except Exception as error:
        told = failure(KINDS, name, error)
        if told is None:
            raise
        span = view.document.span(view.step.option_path("kind"))
        view.sink.report(UNKNOWN_KIND, span, told, help="tell those who make the package")
        return OPEN
    assert isinstance(made, RecordType)
    return made


def _skipped(view: StepView) -> RecordType:
    """The rows that pass a step by. Those that do not are what its `when` says of them."""
    before, path = view.input, view.step.option_path("when")
    view.expression(path, view.row_scope())
    view.input = view.narrowed(before, path)
    return view.narrowed(before, path, holds=False)


def left_unread(fields: RecordType) -> RecordType:
    """The fields that leave a step which cannot be read: it may have been meant to let no null through."""
    kept = {name: ANY if isinstance(type_, MaybeType) else type_ for name, type_ in fields.fields.items()}
    return RecordType(kept, fields.open)
