"""Diagnostics for programs: one JSON document with a version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from atk_interp.diagnostics.model import Diagnostic, Fix
from atk_interp.source import Span
from atk_interp.values import encode

__all__ = ["render_json"]

VERSION = 1
"""Raised when a field changes its meaning or goes; new fields do not raise it."""


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """`{"version": 1, "diagnostics": [{code, name, severity, message, file, line, column, …}]}`."""
    return encode({"version": VERSION, "diagnostics": [_one(d) for d in diagnostics]}).decode()


def _one(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code.id,
        "name": diagnostic.code.name,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **(_place(diagnostic.span) if diagnostic.span else {"file": None}),
        "label": diagnostic.label,
        "related": [{**_place(label.span), "message": label.text} for label in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
        "fix": _fix(diagnostic.fix) if diagnostic.fix is not None else None,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    """All edits are to be made, or none; `text` stands in place of what is between the two places."""
    return {"title": fix.title, "edits": [{**_place(edit.span), "text": edit.text} for edit in fix.edits]}


def _place(span: Span) -> dict[str, Any]:
    begin, finish = span.begin, span.finish
    return {
        "file": span.file.path,
        "line": begin.line,
        "column": begin.column,
        "end_line": finish.line,
        "end_column": finish.column,
    }
