"""Rules that look at a config beside its spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.diagnostics import Diagnostic, Severity
from atk_interp.lint import lint_path

SPEC = """spec: atk/v1
name: x
params:
  input_dir: {type: path}
models:
  large: {expects: instruct}
  small: {expects: instruct}
steps:
  documents: {kind: read, path: =input_dir}
  judged: {kind: generate, from: documents, model: large, prompt: ask, parse: {choice: [good, bad], into: verdict}}
  said: {kind: generate, from: judged, model: small, prompt: ask, parse: {text: reason}}
outputs:
  o.jsonl: {from: said, format: jsonl}
"""
MODELS = "models: {large: {model: a}, small: {model: b}}\n"


def findings(folder: Path, config: str) -> list[Diagnostic]:
    """What is found in a config of the spec above, advice aside; `documents` is a folder beside it."""
    (folder / "prompts").mkdir()
    (folder / "documents").mkdir()
    (folder / "prompts" / "ask.yaml").write_text('- user: "good or bad? {{ text }}"\n', encoding="utf-8")
    (folder / "pipeline.yaml").write_text(SPEC, encoding="utf-8")
    path = folder / "config.yaml"
    path.write_text("pipeline: pipeline.yaml\n" + config, encoding="utf-8")
    return [found for found in lint_path(path).sink.sorted() if found.severity is not Severity.ADVICE]


def codes(folder: Path, config: str) -> list[str]:
    return [found.code.name for found in findings(folder, config)]


@pytest.mark.parametrize(
    "models",
    [
        "",
        "models: {}\n",
        MODELS,
        "models: {large: {model: a}, small: embedded}\n",
        "models: {large: {model: a, base_url: 'https://models.example.org/v1'}, small: {model: b}}\n",
    ],
)
def test_a_config_that_could_run_is_clean(tmp_path: Path, models: str) -> None:
    assert codes(tmp_path, "input_dir: documents\n" + models) == []


@pytest.mark.parametrize("value", ["docs/*.md", "s3://bucket/folder", "documents"])
def test_only_a_plain_local_path_is_looked_for(tmp_path: Path, value: str) -> None:
    assert codes(tmp_path, f"input_dir: {value}\n{MODELS}") == []


def test_an_input_that_is_not_there_is_a_warning_since_it_may_lie_elsewhere(tmp_path: Path) -> None:
    found = findings(tmp_path, f"input_dir: documnets\n{MODELS}")

    assert [(one.code.name, one.severity) for one in found] == [("missing-input", Severity.WARNING)]


@pytest.mark.parametrize(
    "value", ["YOUR_MODEL", "<model name>", "'!!PLACEHOLDER!!'", "CHANGE_ME", "'[your model here]'", "'...'"]
)
def test_a_placeholder_is_found(tmp_path: Path, value: str) -> None:
    config = f"input_dir: documents\nmodels: {{large: {{model: {value}}}, small: {{model: b}}}}\n"

    assert codes(tmp_path, config) == ["placeholder-value"]


@pytest.mark.parametrize("value", ["qwen3-32b", "org/model:free", "your-org/model", "<|im_end|>"])
def test_the_name_of_a_model_is_no_placeholder(tmp_path: Path, value: str) -> None:
    config = f"input_dir: documents\nmodels: {{large: {{model: '{value}'}}, small: {{model: b}}}}\n"

    assert codes(tmp_path, config) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost:8000/v1", ["unusable-endpoint"]),
        ("http:/localhost", ["unusable-endpoint"]),
        ("http://localhost:8000/v1/chat/completions", ["unusable-endpoint"]),
        ("http://localhost:8000/v1/completions/", ["unusable-endpoint"]),
        ("http://me:secret@localhost:8000/v1", ["credential-in-url"]),
        ("http://localhost:8000/v1?api_key=abcdefgh1", ["credential-in-url"]),
        ("http://localhost:8000", []),
        ("https://models.example.org/openai/v1", []),
    ],
)
def test_an_address_must_be_one_of_an_endpoint(tmp_path: Path, address: str, expected: list[str]) -> None:
    config = f"input_dir: documents\nmodels: {{large: {{model: a, base_url: '{address}'}}, small: {{model: b}}}}\n"

    assert codes(tmp_path, config) == expected


def test_an_address_without_a_path_is_told_with_the_usual_one(tmp_path: Path) -> None:
    config = "input_dir: documents\nmodels: {large: {model: a, base_url: 'localhost:8000'}, small: {model: b}}\n"

    assert [found.help for found in findings(tmp_path, config)] == ["write `http://localhost:8000/v1`"]


def test_the_call_is_cut_off_an_address(tmp_path: Path) -> None:
    address = "http://localhost:8000/v1/chat/completions"
    config = f"input_dir: documents\nmodels: {{large: {{model: a, base_url: '{address}'}}, small: {{model: b}}}}\n"
    (found,) = findings(tmp_path, config)
    assert found.fix is not None
    (edit,) = found.fix.edits
    text = edit.span.file.text

    assert "base_url: 'http://localhost:8000/v1'}" in text[: edit.span.start] + edit.text + text[edit.span.end :]


def test_a_slot_that_is_forgotten_beside_others_is_told(tmp_path: Path) -> None:
    assert codes(tmp_path, "input_dir: documents\nmodels: {large: {model: a}}\n") == ["slot-without-endpoint"]


def test_a_script_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    config = "input_dir: documents\nmodels: {large: {provider: scripted, script: no.yaml}, small: {model: b}}\n"

    assert codes(tmp_path, config) == ["unusable-endpoint"]


def test_a_mistake_in_the_script_of_a_config_is_told_in_the_script(tmp_path: Path) -> None:
    (tmp_path / "said.yaml").write_text("- {when: {contians: a}, reply: b}\n")
    config = "input_dir: documents\nmodels: {large: {provider: scripted, script: said.yaml}, small: {model: b}}\n"
    (found,) = findings(tmp_path, config)

    assert found.code.name == "unusable-endpoint"
    assert found.message.startswith("no model can follow this: unknown key `contians`")
    assert found.span is not None
    assert found.span.file.path.endswith("said.yaml")
