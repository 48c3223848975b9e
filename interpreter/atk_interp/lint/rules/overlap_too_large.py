"""Passages that overlap so far that nothing new fits into them."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.kinds.base.written import settled_number
from atk_interp.kinds.chunk import SMALLEST
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["OverlapTooLarge"]


class OverlapTooLarge(Rule):
    code = Code(
        "ATK544",
        "overlap-too-large",
        Severity.ERROR,
        finds="A `chunk` step whose `overlap` leaves no room for new text within `max_tokens`.",
        why="The run would stop before its first row.",
        bad="max_tokens: 100\noverlap: 100",
        good="max_tokens: 100\noverlap: 20",
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            if view.step.kind != "chunk" or not view.given("overlap"):
                continue
            most, overlap = (settled_number(view.spec, view.option(key)) for key in ("max_tokens", "overlap"))
            if most is None or overlap is None or most - overlap >= SMALLEST:
                continue
            document = view.document
            context.sink.report(
                self.code,
                document.span(view.path("overlap")),
                f"of {most} tokens, {max(0, most - overlap)} are left for new text",
                labels=[Label(document.span(view.path("max_tokens")), f"{most} tokens")],
                help=f"leave at least {SMALLEST}",
            )
