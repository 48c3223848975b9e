"""A mend is offered for the text that it was worked out for, and for no other."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types as lsp

from atk_interp.lsp.diagnostics import mends
from atk_interp.lsp.project import Project

SPEC = """\
spec: atk/v1
name: cut
params: {size: {type: int, default: 100}}
steps:
  read: {kind: read, path: documents}
  cut: {kind: chunk, from: read, max_tokens: size}
outputs: {a.jsonl: {from: cut, format: jsonl}}
"""
EVERYWHERE = lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0))


def test_a_mend_of_an_older_text_is_not_offered(tmp_path: Path) -> None:
    path = (tmp_path / "pipeline.yaml").resolve()
    project = Project()
    project.put(path, SPEC)
    findings = project.findings()[path]

    offered = mends(findings, EVERYWHERE, project.text, "utf-16")
    assert [action.title for action in offered] == ["write `=size`"]
    assert mends(findings, lsp.Range(lsp.Position(0, 0), lsp.Position(1, 0)), project.text, "utf-16") == []

    project.put(path, f"# a new line\n{SPEC}")
    assert mends(findings, EVERYWHERE, project.text, "utf-16") == []
