"""The harness of the lint rules: a spec with its prompts, and what all rules together say of it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from atk_interp.diagnostics import Diagnostic, Severity
from atk_interp.lint import lint_path

__all__ = ["asking", "findings", "told"]

HEAD = """spec: atk/v1
name: t
params:
  output_dir: {type: path}
models: {m: {expects: instruct}}
steps:
  rows: {kind: rows, rows: [{text: one, n: 1, tags: [x], title: T}]}
"""
PROMPTS = {"ask": '- user: "{{ text }}"\n'}


def asking(name: str, source: str, parse: str, more: str = "", kind: str = "generate") -> str:
    """A step that asks a model, as a line for each of its keys."""
    lines = f"{name}:\n  kind: {kind}\n  from: {source}\n  model: m\n  prompt: ask\n  parse: {parse}\n"
    return lines + textwrap.indent(textwrap.dedent(more).strip(), "  ") + "\n"


def findings(
    folder: Path, *steps: str, outputs: str = "", params: str = "", prompts: Mapping[str, str] | None = None
) -> list[Diagnostic]:
    """All errors and warnings about a spec of these steps after `rows`; the output is that of the last step."""
    (folder / "prompts").mkdir(exist_ok=True)
    asked = PROMPTS if any("prompt: ask" in step for step in steps) else {}
    for name, text in {**asked, **(prompts or {})}.items():
        file = name if "." in name else f"{name}.yaml"
        (folder / "prompts" / file).write_text(text, encoding="utf-8")
    text = HEAD
    if params:
        text = text.replace("models:", textwrap.indent(textwrap.dedent(params).strip(), "  ") + "\nmodels:")
    text += "".join(textwrap.indent(textwrap.dedent(step).strip("\n") + "\n", "  ") for step in steps)
    last = steps[-1].strip().partition(":")[0] if steps else "rows"
    text += "outputs:\n" + textwrap.indent(textwrap.dedent(outputs).strip() or _output(last), "  ") + "\n"
    path = folder / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    shown = (Severity.ERROR, Severity.WARNING)
    return [found for found in lint_path(path).sink.sorted() if found.severity in shown]


def _output(step: str) -> str:
    return f"o.jsonl: {{from: {step}, format: jsonl}}"


def told(found: list[Diagnostic], families: tuple[str, ...] = ("ATK3", "ATK5")) -> list[tuple[str, str]]:
    """The codes of some families, and what they underline; but not parameters and slots that nothing uses."""
    beside = ("unused-param", "unused-slot")
    ours = (each for each in found if each.code.id.startswith(families) and each.code.name not in beside)
    return [(each.code.id, each.span.text if each.span else "") for each in ours]
