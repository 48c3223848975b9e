"""A config alone must give every required parameter; a run may be given the rest elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp import compile_pipeline
from atk_interp.lint.check import check_file
from atk_interp.pipeline import MissingParameters

SPEC = """
spec: atk/v1
name: copied
params: {given: {type: path}, missing: {type: path}}
steps: {a: {kind: read, path: =given}, b: {kind: filter, from: a, keep: missing != text}}
outputs: {o.jsonl: {from: b, format: jsonl}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.yaml").write_text(SPEC)
    path = tmp_path / "config.yaml"
    path.write_text("pipeline: pipeline.yaml\ngiven: .\nmissing:\n")
    return path


def test_an_empty_required_parameter_is_told_at_its_place(config: Path) -> None:
    found = check_file(config).report.findings

    assert [(finding.code.name, str(finding.span)) for finding in found] == [
        ("missing-parameter", f"Span({config}:3:1, 'missing')")
    ]


def test_for_a_run_it_may_come_from_elsewhere(config: Path) -> None:
    assert check_file(config, complete=False).report.findings == ()

    pipeline = compile_pipeline(config)

    with pytest.raises(MissingParameters, match="`missing`"):
        pipeline.values({})
    assert pipeline.values({"missing": "there"})["missing"] == str(Path("there").absolute())
