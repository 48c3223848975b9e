"""Diagnostics as SARIF 2.1.0, for code scanning (OASIS: "Static Analysis Results Interchange Format")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from atk_interp.diagnostics.codes import Code, Severity
from atk_interp.diagnostics.model import Diagnostic, Fix
from atk_interp.source import Span
from atk_interp.values import encode

__all__ = ["render_sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "note",
    Severity.NOTICE: "note",
}


def render_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """One run, with the rules of what was found. Paths are relative to where the program was started."""
    found = list(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in found}, key=lambda code: code.id)
    driver = {
        "name": "atk-interp",
        "semanticVersion": version("atk-interp"),
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that the program was started in."}}},
        "invocations": [{"executionSuccessful": True}],
        "results": _results(found, [code.id for code in codes]),
    }
    return encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}).decode()


def _rule(code: Code) -> dict[str, Any]:
    text = f"{code.finds} {code.why}\n\nInstead of\n{_indented(code.bad)}\nwrite\n{_indented(code.good)}"
    markdown = f"{code.finds} {code.why}\n\nInstead of\n\n{_fenced(code.bad)}\n\nwrite\n\n{_fenced(code.good)}"
    return {
        "id": code.id,
        "name": "".join(word.capitalize() for word in code.name.split("-")),
        "shortDescription": {"text": code.finds},
        "fullDescription": {"text": f"{code.finds} {code.why}"},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "properties": {"tags": [code.name, code.severity.value]},
    }


def _results(found: list[Diagnostic], ids: list[str]) -> list[dict[str, Any]]:
    seen: dict[tuple[str, str], int] = {}
    results = []
    for diagnostic in found:
        print_ = _snippet_hash(diagnostic)
        key = (diagnostic.span.file.path if diagnostic.span is not None else "", print_)
        seen[key] = seen.get(key, 0) + 1
        results.append(_result(diagnostic, ids.index(diagnostic.code.id), f"{print_}:{seen[key]}"))
    return results


def _snippet_hash(diagnostic: Diagnostic) -> str:
    """A hash of the code, what is underlined and the line it stands on, however that is indented."""
    span = diagnostic.span
    line = "" if span is None else span.file.line(span.begin.line)
    if span is not None and diagnostic.code.hides:
        line = line[: span.finish.column - 1]  # what follows may be a key
    parts = (diagnostic.code.id, " ".join(span.text.split()) if span is not None else "", " ".join(line.split()))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _result(diagnostic: Diagnostic, index: int, fingerprint: str) -> dict[str, Any]:
    more = [*(f"note: {note}" for note in diagnostic.notes)]
    more += [f"help: {diagnostic.help}"] if diagnostic.help else []
    result: dict[str, Any] = {
        "ruleId": diagnostic.code.id,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join([diagnostic.message, *more])},
        # The one that GitHub reads, under the name that it reads; an own name would be read by nobody.
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if diagnostic.span is not None:
        result["locations"] = [{"physicalLocation": _place(diagnostic.span)}]
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _place(label.span), "message": {"text": label.text}}
            for number, label in enumerate(diagnostic.labels, 1)
        ]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    by_file: dict[str, list[Any]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.span.file.path, []).append(
            {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        )
    changes = [{"artifactLocation": _artifact(path), "replacements": made} for path, made in by_file.items()]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(span.file.path), "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    """Lines and columns from 1, the end just behind: as ours."""
    begin, finish = span.begin, span.finish
    return {
        "startLine": begin.line,
        "startColumn": begin.column,
        "endLine": finish.line,
        "endColumn": finish.column,
    }


def _artifact(path: str) -> dict[str, str]:
    plain = PurePath(path)
    if plain.is_absolute():
        return {"uri": plain.as_uri()}
    return {"uri": quote(plain.as_posix()), "uriBaseId": _ROOT}


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _fenced(text: str) -> str:
    return f"```yaml\n{text}\n```"
