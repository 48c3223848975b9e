"""The harness of the checks: this text of a spec, these findings and these types."""

from __future__ import annotations

from pathlib import Path

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import parse_document
from atk_interp.flow import Analysis, analyse
from atk_interp.source import SourceFile

__all__ = ["analysed", "found_in"]


def analysed(steps: str, *, params: str = "", models: str = "", outputs: str = "") -> tuple[Analysis, list[Diagnostic]]:
    """A spec of these sections (each already indented by two), analysed, and what is found in it."""
    text = "spec: atk/v1\nname: t\n"
    for name, body in (("params", params), ("models", models), ("steps", steps), ("outputs", outputs)):
        text += f"{name}:\n{body.rstrip()}\n" if body else ""
    sink = Sink()
    document = parse_document(SourceFile("t.yaml", text), sink)
    assert document is not None, sink.sorted()
    analysis = analyse(document, Path(), sink)
    assert analysis is not None
    return analysis, sink.sorted()


def found_in(steps: str, **sections: str) -> list[tuple[str, str]]:
    """The code of each finding, and what it underlines."""
    _, findings = analysed(steps, **sections)
    return [(found.code.id, found.span.text if found.span else "") for found in findings]
