"""Feedback that no later attempt is there to see."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["IdleFeedback"]


class IdleFeedback(Rule):
    code = Code(
        "ATK546",
        "idle-feedback",
        Severity.WARNING,
        finds="`feedback: true` where there is one attempt only, or a prompt that is no list of messages.",
        why="Feedback shows a failed reply to the next attempt, as one more message: it has no effect here.",
        bad="attempts: 1\nfeedback: true",
        good="attempts: 3\nfeedback: true",
    )

    def check(self, context: LintContext) -> None:
        document = context.analysis.spec.document
        for view in context.analysis.views.values():
            if view.step.options.get("feedback") is not True:
                continue
            prompt = view.loaded.get("prompt")
            if view.step.options.get("attempts") == 1:
                context.report(
                    self.code,
                    view.path("feedback"),
                    "`feedback` has no effect: there is no second attempt to see it",
                    "raise `attempts`, or remove `feedback`",
                    labels=[Label(document.span(view.path("attempts")), "one attempt")],
                )
            elif prompt is not None and prompt.completion is not None:
                context.report(
                    self.code,
                    view.path("feedback"),
                    f"`feedback` has no effect: prompt `{prompt.name}` is a text to complete, not a list of messages",
                    "write the prompt as a list of messages, or remove `feedback`",
                )
