"""A process that has checked a spec before remembers what still holds, and nothing else."""

from __future__ import annotations

from pathlib import Path

from atk_interp.lint.engine import lint_path

SPEC = """\
spec: atk/v1
name: again
description: A text that is asked about twice.
params:
  input_dir: {type: path}
  least: {type: int, default: 10}
models:
  small: {expects: instruct}
steps:
  documents:
    kind: read
    path: =input_dir
  sized:
    kind: map
    from: documents
    set: {size: =text | length}
  long:
    kind: filter
    from: sized
    keep: size > least
  asked:
    kind: generate
    from: long
    model: small
    prompt: ask
    parse: {choice: ["good", "bad"], into: verdict}
    keep: verdict == "good"
outputs:
  qa.jsonl:
    from: asked
    format: jsonl
    fields: {text: "{{ text }} is {{ verdict }}"}
"""
PROMPT = """\
- user: "Is it good or bad: {{ text }} ({{ size + 1 }} characters)"
- assistant: good
- user: "{{ text }}"
"""


def _found(folder: Path, spec: str = SPEC, prompt: str = PROMPT) -> list[str]:
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "pipeline.yaml").write_text(spec)
    (folder / "prompts" / "ask.yaml").write_text(prompt)
    return [finding.code.name for finding in lint_path(folder / "pipeline.yaml").sink.sorted() if finding.is_error]


def _all_found(folder: Path, spec: str) -> list[str]:
    _found(folder, spec)
    return [finding.code.name for finding in lint_path(folder / "pipeline.yaml").sink.sorted()]


def test_an_expression_is_wrong_once_a_field_before_it_has_another_type(tmp_path: Path) -> None:
    assert _found(tmp_path) == _found(tmp_path) == []

    assert _found(tmp_path, SPEC.replace("=text | length", "=text | upper")) == ["wrong-operand"]
    assert _found(tmp_path) == []


def test_a_template_is_wrong_once_a_field_before_it_is_gone(tmp_path: Path) -> None:
    assert _found(tmp_path) == []

    assert "undefined-variable" in _found(tmp_path, SPEC.replace("{size: ", "{length: "))
    assert _found(tmp_path) == []


def test_an_example_is_read_anew_once_the_parser_or_the_example_has_changed(tmp_path: Path) -> None:
    assert _found(tmp_path) == []

    changed = SPEC.replace('["good", "bad"]', '["fine", "bad"]').replace('== "good"', '== "fine"')
    assert "unread-example" in _found(tmp_path, changed)
    assert "unread-example" in _found(tmp_path, SPEC, PROMPT.replace("assistant: good", "assistant: fine"))
    assert _found(tmp_path) == []


def test_a_condition_decides_nothing_once_the_words_before_it_have_changed(tmp_path: Path) -> None:
    spec = SPEC.replace("    keep: verdict", "  kept:\n    kind: filter\n    from: asked\n    keep: verdict")
    spec = spec.replace("from: asked\n    format", "from: kept\n    format")
    assert "constant-condition" not in _all_found(tmp_path, spec)

    assert "constant-condition" in _all_found(
        tmp_path, spec.replace('["good", "bad"]', '{"good": "good", "ok": "good"}')
    )
    assert "constant-condition" not in _all_found(tmp_path, spec)


def test_a_condition_is_fulfilled_by_no_row_once_another_stands_before_it(tmp_path: Path) -> None:
    spec = SPEC.replace("    keep: verdict", "  kept:\n    kind: filter\n    from: asked\n    keep: verdict")
    spec = spec.replace("from: asked\n    format", "from: kept\n    format")
    assert "unreachable-step" not in _all_found(tmp_path, spec)

    worse = spec.replace("into: verdict}", 'into: verdict}\n    keep: verdict == "bad"')
    assert "unreachable-step" in _all_found(tmp_path, worse)
    assert "unreachable-step" not in _all_found(tmp_path, spec)
