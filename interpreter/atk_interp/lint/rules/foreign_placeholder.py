"""A hole in a prompt that is written as another tool writes it, and would be sent as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Code, Edit, Fix, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.prompts import ForeignHole, foreign_holes
from atk_interp.lint.rules.base import Rule
from atk_interp.templates import Template

__all__ = ["ForeignPlaceholder"]

_FOREIGN = Code(
    "ATK418",
    "foreign-placeholder",
    Severity.WARNING,
    finds="A field or parameter in a message as `${question}`, `<<question>>`, `[[question]]` or `%(question)s`.",
    why="It would be sent as it stands: the model is shown the name, not the value.",
    bad='- user: "Question: ${question}"',
    good='- user: "Question: {{ question }}"',
    fixable=True,
)


class ForeignPlaceholder(Rule):
    code = Code(
        "ATK414",
        "single-braces",
        Severity.WARNING,
        finds="A name in single braces in a message, where the name is that of a field or parameter.",
        why="Holes have two braces; with one the model is shown the name, not the value.",
        bad='- user: "Question: {question}"',
        good='- user: "Question: {{ question }}"',
        fixable=True,
    )
    more_codes = (_FOREIGN,)

    def check(self, context: LintContext) -> None:
        for view in context.views():
            names = {*view.asked.fields, *view.spec.params} - _shown_by_pattern(view)
            for template in _contents(view):
                found: dict[str, list[ForeignHole]] = {}
                for hole in foreign_holes(template, names):
                    found.setdefault(hole.written, []).append(hole)
                for holes in found.values():
                    self._report(context, holes)

    def _report(self, context: LintContext, holes: list[ForeignHole]) -> None:
        """One finding for all holes that say the same in one message."""
        hole = holes[0]
        right = f"{{{{ {hole.name} }}}}"
        context.sink.report(
            self.code if hole.is_braces else _FOREIGN,
            hole.span,
            f"`{hole.written}` is sent as it stands, not filled in with `{hole.name}`",
            help=f"write `{right}`",
            fix=Fix(f"write `{right}`", tuple(Edit(each.span, right) for each in holes)),
        )


def _shown_by_pattern(view: StepView) -> set[str]:
    """The holes of a `pattern`: a prompt may show the pattern as it stands."""
    parse = view.step.options.get("parse")
    is_pattern = view.reader is not None and isinstance(parse, dict) and "pattern" in parse
    return set(view.reader.fields) if is_pattern and view.reader is not None else set()


def _contents(view: StepView) -> Iterator[Template]:
    """The contents of messages that are filled in.

    What an assistant says in a prompt is an example of a reply, which may hold anything.
    """
    for prompt in view.loaded.values():
        if prompt.completion is not None:
            yield prompt.completion
        for item in prompt.messages.written() if prompt.messages is not None else ():
            if item.role.constant != "assistant":
                yield item.content
    for messages in view.message_lists.values():
        yield from (item.content for item in messages.written())
