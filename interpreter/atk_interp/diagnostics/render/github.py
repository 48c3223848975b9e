"""Diagnostics as GitHub Actions workflow commands, one line each (docs: "Workflow commands for GitHub Actions").

Of each level the platform shows no more than ten in a step, the first that it reads. So the worst come first, and
what it would not show is printed as plain lines of the log.
"""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.diagnostics.codes import Severity
from atk_interp.diagnostics.model import Diagnostic
from atk_interp.diagnostics.render.text import render_short

__all__ = ["render_github"]

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "notice",
    Severity.NOTICE: "notice",
}
_SHOWN = 10


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """The commands, the worst first, then what would not be shown."""
    by_level: dict[str, list[Diagnostic]] = {level: [] for level in ("error", "warning", "notice")}
    for diagnostic in diagnostics:
        by_level[_COMMANDS[diagnostic.severity]].append(diagnostic)
    lines = [_one(level, diagnostic) for level, found in by_level.items() for diagnostic in found[:_SHOWN]]
    rest = [diagnostic for found in by_level.values() for diagnostic in found[_SHOWN:]]
    if rest:
        lines += [f"and {len(rest)} more, of which the platform would show no mark:", render_short(rest)]
    return "\n".join(lines)


def _one(level: str, diagnostic: Diagnostic) -> str:
    place = ""
    if diagnostic.span is not None:
        begin, finish = diagnostic.span.begin, diagnostic.span.finish
        place = f"file={_property(diagnostic.span.file.path)},line={begin.line},col={begin.column},"
        place += f"endLine={finish.line},endColumn={finish.column},"
    title = _property(f"{diagnostic.code.id} {diagnostic.code.name}")
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    return f"::{level} {place}title={title}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
