"""Diagnostics as a JUnit report: a failed test case for each error and warning, the rest as its output."""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.diagnostics.codes import Severity
from atk_interp.diagnostics.model import Diagnostic
from atk_interp.diagnostics.render.text import render_text
from atk_interp.patterns import pattern

__all__ = ["render_junit"]

_FAILS = (Severity.ERROR, Severity.WARNING)
_NO_XML = pattern("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(diagnostics: Iterable[Diagnostic]) -> str:
    """One suite; a single test case that passed when nothing was found."""
    found = list(diagnostics)
    cases = [_case(diagnostic) for diagnostic in found] or ['    <testcase name="lint" classname="atk-interp"/>']
    failures = sum(1 for diagnostic in found if diagnostic.severity in _FAILS)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites name="atk-interp lint" {counts}>',
        f'  <testsuite name="atk-interp lint" {counts}>',
        *cases,
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines)


def _case(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    name = f"{diagnostic.code.id} {diagnostic.code.name}"
    where = ""
    if span is not None:
        name += f" at {span.begin.line}:{span.begin.column}"
        where = f' file="{_escaped(span.file.path)}" line="{span.begin.line}"'
    classname = span.file.path if span is not None else "atk-interp"
    text = _escaped(render_text([diagnostic]))
    if diagnostic.severity in _FAILS:
        kind, message = diagnostic.severity.value, _escaped(diagnostic.message)
        inside = f'<failure type="{kind}" message="{message}">{text}</failure>'
    else:
        inside = f"<system-out>{text}</system-out>"
    return f'    <testcase name="{_escaped(name)}" classname="{_escaped(classname)}"{where}>{inside}</testcase>'


def _escaped(text: str) -> str:
    clean = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        clean = clean.replace(character, entity)
    return clean
