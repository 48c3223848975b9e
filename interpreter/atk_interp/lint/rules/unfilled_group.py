"""A group of a regular expression that the step wants and the expression can do without."""

from __future__ import annotations

import re
from dataclasses import field

from atk_interp.diagnostics import Code, Severity
from atk_interp.expressions.types import MaybeType
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["UnfilledGroup"]

_TOKEN = pattern(
    r"""\\Q.*?(?:\\E|\Z) | \\. | \[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]
      | (?P<open>\((?:\?(?:P?<(?P<name>\w+)>|[^):]*:)?)?) | (?P<close>\)(?P<skippable>\?|\*|\{0[,}])?) | (?P<or>\|)
    """,
    re.VERBOSE | re.DOTALL,
)


class UnfilledGroup(Rule):
    code = Code(
        "ATK420",
        "unfilled-group",
        Severity.WARNING,
        finds="A named group of `regex` that need not take part in a match, and is not listed under `optional`.",
        why="A reply that matches without it is rejected all the same.",
        bad=r"parse: {regex: '(?P<day>\d+) May(?: (?P<year>\d+))?'}",
        good=r"parse: {regex: '(?P<day>\d+) May(?: (?P<year>\d+))?', optional: [year]}",
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            parse = view.step.options.get("parse")
            if view.reader is None or not isinstance(parse, dict) or not isinstance(parse.get("regex"), str):
                continue
            text = view.document.text((*view.path("parse"), "regex"))
            for name, place in _skippable_groups(text.value).items():
                if not isinstance(view.reader.fields.get(name), MaybeType | None):
                    context.sink.report(
                        self.code,
                        text.span(place, place + len(name)),
                        f"`{name}` need not take part in a match, and a reply without it is rejected",
                        help=f"add `optional: [{name}]`, or write the expression so that it always takes part",
                    )


@dataclass
class _Frame:
    """A group that is open, or the whole expression: its own name, the named groups in it, and whether it branches."""

    own: dict[str, int]
    inside: dict[str, int] = field(default_factory=dict)
    branches: bool = False


def _skippable_groups(pattern: str) -> dict[str, int]:
    """The named groups that a match may pass by, each with where its name stands: in a branch, or behind `?` or `*`."""
    skippable: dict[str, int] = {}
    frames = [_Frame({})]
    for token in _TOKEN.finditer(f"{pattern})"):
        if token["open"]:
            frames.append(_Frame({token["name"]: token.start("name")} if token["name"] else {}))
        elif token["or"]:
            frames[-1].branches = True
        elif token["close"] and frames:
            closed = frames.pop()
            skippable |= closed.inside if closed.branches else {}
            skippable |= {**closed.own, **closed.inside} if token["skippable"] else {}
            if frames:
                frames[-1].inside |= {**closed.own, **closed.inside}
    return skippable
