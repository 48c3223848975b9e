"""Findings as an editor shows them, and the mends that it offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol import types as lsp

from atk_interp.diagnostics import Diagnostic, Severity
from atk_interp.lsp.positions import range_of

__all__ = ["as_diagnostic", "mends"]

_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.ADVICE: lsp.DiagnosticSeverity.Information,
    Severity.NOTICE: lsp.DiagnosticSeverity.Information,
}


def as_diagnostic(finding: Diagnostic, encoding: str) -> lsp.Diagnostic:
    """A finding with all that is said of it: notes and help as lines of their own, second places as related ones."""
    assert finding.span is not None
    lines = [finding.message, *finding.notes, *([f"help: {finding.help}"] if finding.help else [])]
    return lsp.Diagnostic(
        range_of(finding.span, encoding),
        "\n".join(lines),
        severity=_SEVERITIES[finding.severity],
        code=finding.code.id,
        source="atk-interp",
        tags=[lsp.DiagnosticTag.Unnecessary] if finding.code.name.startswith("unused-") else None,
        related_information=[
            lsp.DiagnosticRelatedInformation(
                lsp.Location(_uri(label.span.file.path), range_of(label.span, encoding)), label.text
            )
            for label in finding.labels
        ],
    )


def mends(
    findings: Iterable[Diagnostic], wanted: lsp.Range, text: Callable[[Path], str], encoding: str
) -> list[lsp.CodeAction]:
    """The mends of the findings that touch a range, where the `text` of their files is still what was looked at."""
    actions: list[lsp.CodeAction] = []
    for finding in findings:
        if finding.fix is None or finding.span is None:
            continue
        shown = as_diagnostic(finding, encoding)
        if not _touch(shown.range, wanted):
            continue
        if any(text(Path(edit.span.file.path).resolve()) != edit.span.file.text for edit in finding.fix.edits):
            continue
        changes: dict[str, list[lsp.TextEdit]] = {}
        for edit in finding.fix.edits:
            place = range_of(edit.span, encoding)
            changes.setdefault(_uri(edit.span.file.path), []).append(lsp.TextEdit(place, edit.text))
        actions.append(
            lsp.CodeAction(
                finding.fix.title,
                kind=lsp.CodeActionKind.QuickFix,
                diagnostics=[shown],
                is_preferred=True,
                edit=lsp.WorkspaceEdit(changes=dict(changes)),
            )
        )
    return actions


def _touch(one: lsp.Range, other: lsp.Range) -> bool:
    return _key(one.start) <= _key(other.end) and _key(other.start) <= _key(one.end)


def _key(position: lsp.Position) -> tuple[int, int]:
    return position.line, position.character


def _uri(path: str) -> str:
    return Path(path).resolve().as_uri()
