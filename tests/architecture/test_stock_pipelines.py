"""Every stock pipeline keeps the conventions: a config beside its spec, prompts in files, and no finding in any."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.diagnostics.render import render_text
from atk_interp.lint import lint_path
from atk_interp.stock import stock_names

NAMES = stock_names()


def test_there_are_some() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_spec_and_config_beside_it_lint_clean(project_root: Path, name: str) -> None:
    folder = project_root / "pipeline_specs" / name

    for file in (folder / "pipeline.yaml", folder / "config.yaml"):
        assert render_text(lint_path(file).sink.sorted()) == ""


@pytest.mark.parametrize("name", NAMES)
def test_its_config_names_it_and_its_spec_says_what_it_is_for(project_root: Path, name: str) -> None:
    linted = lint_path(project_root / "pipeline_specs" / name / "config.yaml")

    assert linted.config is not None
    assert linted.analysis is not None
    assert linted.config.pipeline == linted.analysis.spec.name == name
    assert linted.analysis.spec.description
    assert all(param.help for param in linted.analysis.spec.params.values())
