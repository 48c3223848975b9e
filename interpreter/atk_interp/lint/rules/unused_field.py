"""A field that a model is paid for and nothing reads."""

from __future__ import annotations

from collections.abc import Sequence

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.source import Span

__all__ = ["UnusedField"]

_SHOWN = 3


class UnusedField(Rule):
    code = Code(
        "ATK525",
        "unused-field",
        Severity.WARNING,
        finds="A field of a reply that no expression, template, prompt or output reads before it is lost.",
        why="The model is paid to write it for every row. (What it writes before a field that is read may be meant to "
        "make it think, and is not told; nor is a field whose name begins with `_`.)",
        bad='parse: {tags: [verdict, remark]}\nkeep: verdict == "good"   # and nothing reads `remark`',
        good='parse: {tags: [verdict]}\nkeep: verdict == "good"',
    )

    def check(self, context: LintContext) -> None:
        if context.config is not None and context.config.prompts:
            return  # overriding prompts may read less than those that the spec was written for
        for view in context.analysis.views.values():
            name = view.step.name
            if context.analysis.views.get(name) is not view:
                continue  # within a loop the next round may read it
            if view.reader is None or name not in context.reads.useful or name in context.analysis.graph.broken:
                continue
            unread = [field for field in _unread(context, view) if not context.is_overwritten(name, field)]
            if unread and not any(context.maybe_used(field) for field in unread):
                self._report(context, view, unread)

    def _report(self, context: LintContext, view: StepView, unread: Sequence[str]) -> None:
        first, *others = (_place(view, field) for field in unread)
        listed = " and ".join(f"`{field}`" for field in unread) if len(unread) <= _SHOWN else f"{len(unread)} fields"
        them = "it" if len(unread) == 1 else "them"
        context.sink.report(
            self.code,
            first,
            f"nothing reads {listed}, which step `{view.step.name}` pays for",
            labels=[Label(span, "nor this") for span in others if span != first][:_SHOWN],
            help=f"remove {them} from `parse` and from the prompt, or read {them}",
        )


def _place(view: StepView, field: str) -> Span:
    """Where `parse` names a field: as a key, as a value, or as a hole of a pattern."""
    path = (*view.path("parse"), "pattern")
    if isinstance(view.document.get(path), str):
        text, hole = view.document.text(path), f"{{{field}}}"
        start = text.value.find(hole)
        if start >= 0:
            return text.span(start, start + len(hole))
    return view.place_of(field, view.path("parse"))


def _unread(context: LintContext, view: StepView) -> list[str]:
    """The fields that nothing reads, without those that a field which is read comes after."""
    assert view.reader is not None
    fields = [field for field in view.reader.fields if field in view.written]  # others stay with a turn of a dialogue
    read = [context.reads.is_read(view.step.name, field) for field in fields]
    last = max((place for place, is_read in enumerate(read) if is_read), default=-1)
    return [field for field in fields[last + 1 :] if not field.startswith("_")]
