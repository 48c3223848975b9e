"""Every stock pipeline keeps the conventions: a config beside its spec, prompts in files, and no finding in any."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.diagnostics.render import render_text
from atk_interp.lint import lint_path
from atk_interp.lint.check import check_file
from atk_interp.pipeline import load_spec
from atk_interp.stock import stock_names
from atk_interp.testing import try_examples

NAMES = stock_names()


def test_there_are_some() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_spec_and_config_beside_it_lint_clean(project_root: Path, name: str) -> None:
    folder = project_root / "pipeline_specs" / name

    for file in (folder / "pipeline.yaml", folder / "config.yaml"):
        assert render_text(check_file(file).report.findings) == ""


@pytest.mark.parametrize("name", NAMES)
def test_its_config_names_it_and_its_spec_says_what_it_is_for(project_root: Path, name: str) -> None:
    linted = lint_path(project_root / "pipeline_specs" / name / "config.yaml")

    assert linted.config is not None
    assert linted.analysis is not None
    assert linted.config.pipeline == linted.analysis.spec.name == name
    assert linted.analysis.spec.description
    assert all(param.help for param in linted.analysis.spec.params.values())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("file", ["pipeline.yaml", "config.yaml"])
def test_the_examples_of_its_steps_hold(project_root: Path, name: str, file: str) -> None:
    tried = try_examples(project_root / "pipeline_specs" / name / file)

    assert [trial.told() for trial in tried if not trial.holds or trial.unfilled] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_step_that_asks_has_an_example_of_a_good_and_of_a_refused_reply(project_root: Path, name: str) -> None:
    spec = load_spec(project_root / "pipeline_specs" / name / "pipeline.yaml")
    asking = {step.name: step.options.get("examples", ()) for step in spec.steps.values() if "parse" in step.options}

    assert asking or not spec.models or any(step.kind == "pipeline" for step in spec.steps.values())
    for step, examples in asking.items():
        assert [example for example in examples if "expect" in example or "passes" in example], step
        assert [example for example in examples if "rejected" in example], step
