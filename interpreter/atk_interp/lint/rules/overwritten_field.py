"""A field that a step overwrites before anything has read it."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.overwrites import Overwrite
from atk_interp.lint.rules.base import Rule
from atk_interp.source import Span

__all__ = ["OverwrittenField"]


class OverwrittenField(Rule):
    code = Code(
        "ATK526",
        "overwritten-field",
        Severity.WARNING,
        finds="A step, other than a `map`, that writes a field which an earlier step wrote and nothing has read since.",
        why="The earlier value is lost, and what reads the name later gets another one than it may expect.",
        bad="passages: {kind: chunk, …}   # writes `index`\n"
        "tags: {kind: explode, from: passages, …}   # writes `index` too",
        good="numbered: {kind: map, from: passages, rename: {index: passage}}\n"
        "tags: {kind: explode, from: numbered, …}",
    )

    def check(self, context: LintContext) -> None:
        for overwrite in context.overwrites:
            if not context.maybe_used(overwrite.field):
                self._report(context, overwrite)

    def _report(self, context: LintContext, overwrite: Overwrite) -> None:
        field, view, earlier = overwrite.field, overwrite.view, overwrite.earlier
        context.sink.report(
            self.code,
            _place(view, field),
            f"step `{view.step.name}` overwrites the `{field}` of step `{earlier.step.name}`, which nothing has read",
            labels=[Label(_place(earlier, field), "written here")],
            help="give one of them another name, or `drop` the first in a `map` step if it is not needed",
        )


def _place(view: StepView, field: str) -> Span:
    """Where a step names a field that it writes; the name of the step when it writes it unasked."""
    if view.names_field(field):
        return view.place_of(field, view.step.path)
    return view.document.key_span(view.step.path)
