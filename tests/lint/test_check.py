"""What lint and a run make of the same findings."""

from __future__ import annotations

from pathlib import Path

import pytest

import atk_interp
from atk_interp import compile_pipeline
from atk_interp.lint.check import check_file
from atk_interp.pipeline import InvalidSpec

SPEC = """spec: atk/v1
name: x
models: {m: {expects: any}}
steps:
  a: {kind: rows, rows: [{text: one}]}
  b: {kind: generate, from: a, model: m, prompt: ask, parse: {tag: answer}}
outputs: {o.jsonl: {from: b, format: jsonl}}
"""
PROMPT = '- user: In <answer> tags.\n- assistant: two\n- user: "{{ text }}"\n'
IGNORED = PROMPT.replace("two\n", "two  # atk: ignore[unread-example] on purpose\n")
BY_SETTING = "[tool.atk-interp.lint]\nignore = ['unread-example']\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "ask.yaml").write_text(PROMPT)
    path = tmp_path / "pipeline.yaml"
    path.write_text(SPEC)
    return path


def test_an_error_of_a_rule_keeps_a_spec_from_being_compiled(spec: Path) -> None:
    with pytest.raises(InvalidSpec, match="unread-example"):
        compile_pipeline(spec)


@pytest.mark.parametrize("by", ["comment", "setting"])
def test_an_error_of_a_rule_that_is_ignored_does_not(spec: Path, by: str) -> None:
    if by == "comment":
        (spec.parent / "prompts" / "ask.yaml").write_text(IGNORED)
    else:
        (spec.parent / "pyproject.toml").write_text(BY_SETTING)

    assert atk_interp.lint(spec) == []
    assert compile_pipeline(spec).__name__ == "x"


def test_an_error_of_the_language_does_though_lint_is_silent_about_it(spec: Path) -> None:
    spec.write_text(SPEC.replace("model: m,", "model: n,").replace("  b:", "  # atk: ignore[unknown-slot] soon\n  b:"))
    (spec.parent / "prompts" / "ask.yaml").write_text(IGNORED)

    assert [found.code.name for found in atk_interp.lint(spec)] == ["ignored-error"]
    with pytest.raises(InvalidSpec, match="unknown-slot") as refused:
        compile_pipeline(spec)
    assert [found.code.name for found in refused.value.diagnostics] == ["ignored-error", "unknown-slot"]


def test_a_missing_parameter_is_no_matter_for_a_run_that_may_be_given_it(spec: Path) -> None:
    spec.write_text(SPEC.replace("models:", "params: {p: {type: text}}\nmodels:").replace("text: one", "text: =p"))
    (spec.parent / "prompts" / "ask.yaml").write_text(IGNORED)
    config = spec.with_name("config.yaml")
    config.write_text("pipeline: pipeline.yaml\n")

    assert [found.code.name for found in check_file(config).report.stopping] == ["missing-parameter"]
    assert check_file(config, complete=False).report.stopping == ()
