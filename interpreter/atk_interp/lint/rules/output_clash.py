"""Two outputs that would be one file."""

from __future__ import annotations

import posixpath
import unicodedata

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.spec.load import OWN_FILES

__all__ = ["OutputClash"]


class OutputClash(Rule):
    code = Code(
        "ATK529",
        "output-clash",
        Severity.ERROR,
        finds="Two outputs of one path, or one whose path takes the file of another for a folder.",
        why="One would overwrite the other, or could not be written.",
        bad="outputs: {qa.jsonl: …, ./qa.jsonl: …}",
        good="outputs: {qa.jsonl: …, pairs.jsonl: …}",
    )
    by_case = Code(
        "ATK548",
        "near-clash",
        Severity.WARNING,
        finds="Two outputs whose paths differ only in upper and lower case, or in how an accent is written.",
        why="On macOS and Windows they are one file.",
        bad="outputs: {qa.jsonl: …, QA.jsonl: …}",
        good="outputs: {qa.jsonl: …, qa_pairs.jsonl: …}",
    )
    more_codes = (by_case,)

    def check(self, context: LintContext) -> None:
        exact: dict[str, str] = {}
        folded: dict[str, str] = {}
        for name in context.analysis.spec.outputs:
            path = posixpath.normpath(name)
            alike = unicodedata.normalize("NFC", path).casefold()
            if path in exact:
                self._report(context, self.code, name, f"`{name}` and `{exact[path]}` are one file", exact[path])
            elif alike in folded:
                told = f"`{name}` and `{folded[alike]}` are one file where upper and lower case are the same"
                self._report(context, self.by_case, name, told, folded[alike])
            exact.setdefault(path, name)
            folded.setdefault(alike, name)
        for path, name in exact.items():
            for folder in _folders(path):
                if folder in exact:
                    told = f"`{name}` lies in `{exact[folder]}`, which is a file"
                    self._report(context, self.code, name, told, exact[folder])
                elif folder in OWN_FILES:
                    told = f"`{name}` lies in `{folder}`, which is a file that every run writes"
                    self._report(context, self.code, name, told, None)

    def _report(self, context: LintContext, code: Code, name: str, told: str, other: str | None) -> None:
        document = context.analysis.spec.document
        labels = [] if other is None else [Label(document.key_span(("outputs", other)), "the other one")]
        context.report(code, ("outputs", name), told, "choose another name", labels=labels)


def _folders(path: str) -> list[str]:
    """The folders that a path lies in, as paths."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
