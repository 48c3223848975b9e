"""Pipelines are found by their names, whatever files of these names are about."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from atk_interp.cli.main import cli
from atk_interp.stock import find_pipeline, stock_folders

STOCK = stock_folders()[0] / "starter" / "pipeline.yaml"


def test_a_config_is_not_the_pipeline_that_it_is_named_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written = CliRunner().invoke(cli, ["config", "starter", "-o", "starter.yaml"], standalone_mode=False)
    assert written.return_value == 0, written.output
    assert find_pipeline("starter", tmp_path) == STOCK
    linted = CliRunner().invoke(cli, ["lint", "starter.yaml"], standalone_mode=False)
    assert "ATK201" not in linted.output
    assert "ATK202" not in linted.output


@pytest.mark.parametrize("text", ['{"pipeline": "starter"}', '"pipeline": starter\n', "# mine\npipeline: starter\n"])
def test_a_config_is_told_by_its_key_however_it_is_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "starter.yaml").write_text(text)
    assert find_pipeline("starter", tmp_path) == STOCK


def test_a_spec_beside_a_config_is_found_before_the_stock_pipelines(tmp_path: Path) -> None:
    (tmp_path / "starter.yaml").write_text("spec: atk/v1\nname: pipeline\n")
    assert find_pipeline("starter", tmp_path) == tmp_path / "starter.yaml"


def test_a_command_may_name_a_config_without_its_suffix_where_no_pipeline_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("pipeline: starter\n")
    assert find_pipeline("mine", tmp_path) is None
    assert find_pipeline("mine", tmp_path, configs=True) == tmp_path / "mine.yaml"
