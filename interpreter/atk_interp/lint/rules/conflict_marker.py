"""What a merge left behind in a completion prompt or a fragment."""

from __future__ import annotations

import re

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.source import Span

__all__ = ["ConflictMarker"]

_MARKER = pattern(r"^(<{7}|>{7})(?= )", re.MULTILINE)


class ConflictMarker(Rule):
    """In a YAML file such a marker is a syntax error (ATK102); a text file would send it to the model."""

    code = Code(
        "ATK112",
        "conflict-marker",
        Severity.ERROR,
        finds="A marker of a merge conflict in a prompt.",
        why="Both versions and the markers would be sent to the model.",
        bad="<<<<<<< HEAD\nWrite a question.\n=======\nWrite two questions.\n>>>>>>> theirs",
        good="Write two questions.",
    )

    def check(self, context: LintContext) -> None:
        for file in context.files:
            found = _MARKER.search(file.text)
            if found is not None:
                context.sink.report(
                    self.code,
                    Span(file, found.start(), found.end()),
                    "a merge conflict was left in the file",
                    help="resolve it and remove the three markers",
                )
