"""An output whose records its format refuses, whatever the rows are."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.refusals import refusal
from atk_interp.lint.rules.base import Rule

__all__ = ["RefusedConversation"]


class RefusedConversation(Rule):
    code = Code(
        "ATK528",
        "refused-conversation",
        Severity.ERROR,
        finds="An output that its format refuses for every row: no message of the assistant, nothing to be learned, or "
        "the same answer as better and worse.",
        why="Every row would be rejected at the very end, after all calls were paid for.",
        bad='messages:\n  - user: "{{ question }}"',
        good='messages:\n  - user: "{{ question }}"\n  - assistant: "{{ answer }}"',
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.outputs.values():
            found = refusal(view)
            if found is not None:
                told = f"`{view.step.kind}` refuses every row of this output: {found.told}"
                context.report(self.code, found.place, told, found.help)
