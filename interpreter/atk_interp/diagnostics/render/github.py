"""Diagnostics as GitHub Actions workflow commands, one line each (docs: "Workflow commands for GitHub Actions")."""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.diagnostics.codes import Severity
from atk_interp.diagnostics.model import Diagnostic

__all__ = ["render_github"]

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "notice",
    Severity.NOTICE: "notice",
}


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    return "\n".join(_one(diagnostic) for diagnostic in diagnostics)


def _one(diagnostic: Diagnostic) -> str:
    place = ""
    if diagnostic.span is not None:
        begin, finish = diagnostic.span.begin, diagnostic.span.finish
        place = f"file={_property(diagnostic.span.file.path)},line={begin.line},col={begin.column},"
        place += f"endLine={finish.line},endColumn={finish.column},"
    title = _property(f"{diagnostic.code.id} {diagnostic.code.name}")
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    return f"::{_COMMANDS[diagnostic.severity]} {place}title={title}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
