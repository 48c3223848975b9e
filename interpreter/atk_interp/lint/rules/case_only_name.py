"""Two names that differ in upper and lower case only."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["CaseOnlyName"]


class CaseOnlyName(Rule):
    code = Code(
        "ATK211",
        "case-only-name",
        Severity.WARNING,
        finds="Two steps, two parameters or two model slots whose names differ in upper and lower case only.",
        why="One is easily taken for the other, by readers and by writers.",
        bad="steps:\n  Clean: …\n  clean: …",
        good="steps:\n  clean: …\n  clean_again: …",
    )

    def check(self, context: LintContext) -> None:
        spec = context.analysis.spec
        for section, names in (("params", spec.params), ("models", spec.models), ("steps", spec.steps)):
            seen: dict[str, str] = {}
            for name in names:
                first = seen.setdefault(name.lower(), name)
                if first != name:
                    context.report(
                        self.code,
                        (section, name),
                        f"`{name}` and `{first}` differ in upper and lower case only",
                        "choose another name for one of them",
                        labels=[Label(spec.document.key_span((section, first)), "the other one")],
                    )
