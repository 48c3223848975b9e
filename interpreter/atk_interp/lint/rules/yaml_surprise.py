"""A value that readers of YAML take for different things."""

from __future__ import annotations

import re
from collections.abc import Iterator

from atk_interp.diagnostics import Code, Edit, Fix, Severity
from atk_interp.document import Document, Path
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.spec import Takes

__all__ = ["YamlSurprise"]

_TRUTH = pattern(r"(?i:yes|no|on|off)\Z")
_OCTAL = pattern(r"[-+]?0[0-7_]+\Z")
_CLOCK = pattern(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?\Z")
_DATE = pattern(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?\Z")
_WHOLE = pattern(r"(?:[-+]?[1-9][0-9_]*|0x[0-9a-fA-F_]+)\Z")
_POWER = pattern(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+\Z")
_NO_NUMBER = pattern(r"(?:[-+]?\.inf|\.nan)\Z", re.IGNORECASE)
_DATA = (Takes.FIELDS, Takes.STRUCTURE, Takes.LABELLED)


class YamlSurprise(Rule):
    """Looks where data is written: fields of rows, words of a `choice`, choices and defaults of a parameter."""

    code = Code(
        "ATK110",
        "yaml-surprise",
        Severity.WARNING,
        finds="A word, a clock time, a date, or a number that cannot be kept, without quotes, where data is written.",
        why="YAML 1.1 makes a truth value of `no` and `on`, and numbers of `12:30` and `0777`; YAML 1.2 does not. "
        "Numbers too large to be kept, infinity and `1e5` are taken for texts.",
        bad="parse: {choice: [yes, no], into: answer}",
        good='parse: {choice: ["yes", "no"], into: answer}',
        fixable=True,
    )

    def check(self, context: LintContext) -> None:
        document = context.analysis.spec.document
        for name, param in context.analysis.spec.params.items():
            for key in ("choices", "default"):
                if param.type in ("choice", "text", "list", "map"):
                    self._look(context, document, _scalars(document, ("params", name, key)))
        for view in context.views():
            for option in view.options:
                if option.takes in _DATA and option.name in view.step.options:
                    self._look(context, document, _data(document, view, option.name))

    def _look(self, context: LintContext, document: Document, paths: Iterator[Path]) -> None:
        for path in paths:
            told = _surprise(document, path)
            if told is not None and not _is_told(context, document, path):
                span, written = document.span(path), document.written(path)
                fix = Fix(f'write "{written}"', (Edit(span, f'"{written}"'),))
                help_ = f'put quotes around it if text is meant: "{written}"'
                context.sink.report(self.code, span, told, help=help_, fix=fix if "truth" not in told else None)


def _is_told(context: LintContext, document: Document, path: Path) -> bool:
    """Whether the value is an error anyway: where a text is declared, a truth value is of the wrong type."""
    span = document.span(path)
    return any(found.is_error and found.span == span for found in context.before)


def _data(document: Document, view: StepView, option: str) -> Iterator[Path]:
    """The scalars of an option that are data. Of a `parse` only the words of choices are; the rest are settings."""
    path = view.path(option)
    for scalar in _scalars(document, path):
        inside = scalar[len(path) :]
        is_day = view.step.kind == "draw" and inside[1:2] == ("date",)  # read as a date whatever its quotes
        if not is_day and (option not in ("parse", "constrain", "sampling") or "choice" in inside):
            yield scalar


def _scalars(document: Document, path: Path) -> Iterator[Path]:
    value = document.get(path)
    match value:
        case dict():
            for key in value:
                yield from _scalars(document, (*path, key))
        case list():
            for index in range(len(value)):
                yield from _scalars(document, (*path, index))
        case _ if document.has(path):
            yield path


def _surprise(document: Document, path: Path) -> str | None:
    """What is to be said of a value that was written without quotes; None when there is nothing."""
    value, written = document.get(path), document.written(path)
    if value is None or isinstance(value, float) or written[:1] in "\"'|>":
        return None
    if isinstance(value, bool):
        said = "true" if value else "false"
        return f"`{written}` is the truth value `{said}` here, not a word" if _TRUTH.match(written) else None
    if _OCTAL.match(written) and written.strip("+-") != "0":
        return f"`{written}` is text here, and an octal number to other readers of YAML"
    if _CLOCK.match(written):
        return f"`{written}` is text here, and a number in base 60 to other readers of YAML"
    if _DATE.match(written):
        return f"`{written}` is text here, and a date to other readers of YAML"
    return _lost_number(written) if isinstance(value, str) else None


def _lost_number(written: str) -> str | None:
    """What is to be said of a number that was taken for a text."""
    if _WHOLE.match(written):
        return f"`{written}` is text here, for whole numbers end at 9223372036854775807"
    if _NO_NUMBER.match(written):
        return f"`{written}` is text here, for JSON has no such number"
    if not _POWER.match(written):
        return None
    if float(written.replace("_", "")) - float(written.replace("_", "")) != 0:
        return f"`{written}` is text here, for no number is so large"
    return f"`{written}` is text here, and a number to other readers of YAML"
