"""Diagnostics for people: place, code, sentence, the line with an underline, notes, help.

pipeline.yaml:14:11: error[ATK302] unknown-name: unknown field `quesion`
   |
14 |     when: quesion != ""
   |           ^^^^^^^
   = help: did you mean `question`?
"""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.diagnostics.codes import Severity
from atk_interp.diagnostics.concealing import concealed
from atk_interp.diagnostics.model import Diagnostic
from atk_interp.source import Span

__all__ = ["render_short", "render_text", "summary"]

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.ADVICE: "36", Severity.NOTICE: "36"}
_WIDEST = 160


def render_text(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """All findings, a blank line between them; empty when there are none."""
    return "\n".join(_one(diagnostic, colour) for diagnostic in diagnostics)


def render_short(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """All findings, each on one line."""
    return "\n".join(_head(diagnostic, colour) for diagnostic in diagnostics)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many of each severity (`2 errors, 1 warning`); empty when there is nothing."""
    counts: dict[Severity, int] = {}
    for diagnostic in diagnostics:
        counts[diagnostic.severity] = counts.get(diagnostic.severity, 0) + 1
    told = [
        f"{counts[severity]} {severity.value}{'s' if counts[severity] != 1 and severity is not Severity.ADVICE else ''}"
        for severity in Severity
        if severity in counts
    ]
    return ", ".join(told)


def _one(diagnostic: Diagnostic, colour: bool) -> str:
    paint = _COLOURS[diagnostic.severity] if colour else ""
    lines = [_head(diagnostic, colour)]
    width = 2
    if diagnostic.span is not None:
        width = len(str(max(s.begin.line for s in [diagnostic.span, *(x.span for x in diagnostic.labels)])))
        frame = _frame(diagnostic.span, diagnostic.label, "^", width, paint)
        if diagnostic.code.hides:
            frame[0] = frame[0][: len(frame[0].rstrip()) - len(_after(diagnostic.span))] + " …"
        lines += frame
        lines += _second_places(diagnostic, width, colour)
    pad = " " * width
    lines += [f"{pad} = note: {_printable(note)}" for note in diagnostic.notes]
    if diagnostic.help:
        lines.append(f"{pad} = help: {_printable(diagnostic.help)}")
    return "\n".join(lines) + "\n"


def _second_places(diagnostic: Diagnostic, width: int, colour: bool) -> list[str]:
    """One second place with its line; several on a line each, so that a finding stays small."""
    lines: list[str] = []
    for label in diagnostic.labels:
        begin, elsewhere = label.span.begin, diagnostic.span and label.span.file.path != diagnostic.span.file.path
        where = f"{' ' * width} ::: {_printable(label.span.file.path)}:{begin.line}:{begin.column}"
        if len(diagnostic.labels) > 1:
            lines.append(f"{where}: {_printable(label.text)}")
            continue
        lines += [where] if elsewhere else []
        lines += _frame(label.span, label.text, "-", width, "34" if colour else "")
    return lines


def _head(diagnostic: Diagnostic, colour: bool) -> str:
    head = f"{diagnostic.severity.value}[{diagnostic.code.id}] {diagnostic.code.name}"
    where = ""
    if diagnostic.span is not None:
        begin = diagnostic.span.begin
        where = f"{_printable(diagnostic.span.file.path)}:{begin.line}:{begin.column}: "
    paint = _COLOURS[diagnostic.severity] if colour else ""
    return f"{_bold(where, colour)}{_painted(head, paint)}: {_printable(diagnostic.message)}"


def _frame(span: Span, label: str, mark: str, width: int, paint: str) -> list[str]:
    """The first line of a span with its underline, cut to the neighbourhood when it is very long."""
    begin, finish = span.begin, span.finish
    text = concealed(span.file.line(begin.line))
    first = begin.column - 1
    last = finish.column - 1 if finish.line == begin.line else len(text)
    last = max(first + 1, last)
    cut = 0
    if len(text) > _WIDEST and first > _WIDEST // 2:
        cut = first - _WIDEST // 2
    shown = text[cut : cut + _WIDEST]
    under = "".join("\t" if c == "\t" else " " for c in shown[: first - cut])
    marks = mark * max(1, min(last - cut, max(len(shown), first - cut + 1)) - (first - cut))
    underline = f"{under}{_painted(marks, paint)}{' ' + _printable(label) if label else ''}"
    return [f"{begin.line:>{width}} | {_printable(shown)}", f"{' ' * width} | {underline}"]


def _after(span: Span) -> str:
    """What stands behind a span on its line."""
    return span.file.line(span.finish.line)[span.finish.column - 1 :].rstrip()


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _painted(text: str, paint: str) -> str:
    return f"\x1b[{paint};1m{text}\x1b[0m" if paint else text


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour and text else text
