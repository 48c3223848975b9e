"""A pattern with nothing in it that a reply could be known by."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["WordlessPattern"]


class WordlessPattern(Rule):
    code = Code(
        "ATK417",
        "wordless-pattern",
        Severity.WARNING,
        finds="A `pattern` with several holes and no word between them, only punctuation.",
        why="Any reply with such a mark in it is read, at the first place where it stands.",
        bad='parse: {pattern: "{question} - {answer}"}',
        good='parse: {pattern: "Question: {question}\\nAnswer: {answer}"}',
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            parse = view.step.options.get("parse")
            if view.reader is None or not isinstance(parse, dict) or "pattern" not in parse:
                continue
            cues = view.reader.cues
            if len(view.reader.fields) < 2 or any(character.isalnum() for cue in cues for character in cue.words):
                continue
            marks = " and ".join(dict.fromkeys(f"`{cue.words.strip()}`" for cue in cues if cue.words.strip()))
            context.sink.report(
                self.code,
                view.document.head_span((*view.path("parse"), "pattern")),
                f"{marks} may stand anywhere in a reply, so this reads what was not meant",
                help="put a word before each hole, such as `Question:`, and have the prompt ask for it",
            )
