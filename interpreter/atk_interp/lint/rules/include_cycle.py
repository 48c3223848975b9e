"""Files of prompts that include each other without end."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.templates import include_rings

__all__ = ["IncludeCycle"]


class IncludeCycle(Rule):
    code = Code(
        "ATK411",
        "include-cycle",
        Severity.ERROR,
        finds="Files that include, import or extend each other in a ring, under no condition.",
        why="No message would ever be complete: rendering stops at the first row.",
        bad="rules.txt: {% include 'tone.txt' %}\ntone.txt: {% include 'rules.txt' %}",
        good="rules.txt: {% include 'tone.txt' %}\ntone.txt: Be brief.",
    )

    def check(self, context: LintContext) -> None:
        looked: set[str] = set()
        for asked in context.asked:
            for content in asked.prompt.contents:
                if content.constant is not None or not content.facts.naming:
                    continue
                for ring in include_rings(content, looked):
                    way = " → ".join(f"`{name}`" for name in ring.files)
                    told = f"a file cannot include itself: {way}" if len(ring.files) == 2 else f"a ring of files: {way}"
                    context.sink.report(self.code, ring.span, told, help="take one of them out of the ring")
