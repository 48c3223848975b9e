"""`atk-interp config`: a template on the screen or in a file, which leads to its spec."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest

from atk_interp.lint.check import check_file
from support.command import Cli

SPEC = """
spec: atk/v1
name: copied
params: {given: {type: path}}
steps: {a: {kind: read, path: =given}}
outputs: {o.jsonl: {from: a, format: jsonl}}
"""


@pytest.fixture
def config(tmp_path: Path, cli: Cli) -> Cli:
    """The command, in a folder with a spec."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "pipeline.yaml").write_text(SPEC)
    return functools.partial(cli, "config")


def test_a_stock_pipeline_is_named_as_it_was(config: Cli) -> None:
    code, printed, _ = config("factual_qa")

    assert code == 0
    assert "\npipeline: factual_qa\n" in printed
    assert "\ninput_dir:   # required: a path\n" in printed
    assert "\n#chunk_tokens: 500   # a whole number" in printed


def test_a_written_config_names_a_schema_of_its_own(config: Cli, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "mine").mkdir()

    config("specs/pipeline.yaml", "-o", "mine/config.yaml")

    first = (tmp_path / "mine" / "config.yaml").read_text().partition("\n")[0]
    assert first == "# yaml-language-server: $schema=../.atk/schema/copied.config.json"
    schema = json.loads((tmp_path / ".atk" / "schema" / "copied.config.json").read_text())
    assert "given" in schema["properties"]


def test_a_written_config_leads_to_its_spec_from_where_it_stands(config: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    target = Path("mine/config.yaml")

    code, _, told = config("specs/pipeline.yaml", "-o", str(target))

    assert (code, told) == (0, "`mine/config.yaml` is written\n")
    assert "\npipeline: ../specs/pipeline.yaml\n" in target.read_text()
    target.write_text(target.read_text().replace("given:", "given: ."))
    assert check_file(target).report.findings == ()


def test_the_folder_of_a_spec_will_do(config: Cli) -> None:
    assert "\npipeline: specs/pipeline.yaml\n" in config("specs")[1]


def test_a_file_that_exists_is_left_alone(config: Cli, tmp_path: Path) -> None:
    (tmp_path / "kept.yaml").write_text("kept")

    code, _, told = config("specs", "-o", "kept.yaml")

    assert (code, told) == (2, "error: `kept.yaml` cannot be written: file exists\n")
    assert (tmp_path / "kept.yaml").read_text() == "kept"


def test_a_folder_that_is_not_there_is_told(config: Cli, tmp_path: Path) -> None:
    told = "error: there is no folder `newdir` to write `x.yaml` into\n  help: make it first\n"
    assert config("specs", "-o", "newdir/x.yaml") == (2, "", told)
    assert not (tmp_path / "newdir").exists()


def test_a_name_that_nothing_bears_is_told_with_what_is_near(config: Cli) -> None:
    assert config("factual_aq") == (
        2,
        "",
        "error: there is no file and no pipeline `factual_aq`\n  help: did you mean `factual_qa`?\n",
    )


def test_a_config_is_no_spec(config: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("pipeline: specs\ngiven: .\n")

    assert config("config.yaml") == (
        2,
        "",
        "error: `config.yaml` is a config already\n  help: name its pipeline: `atk-interp config specs`\n",
    )


def test_a_spec_with_errors_has_no_template(config: Cli, tmp_path: Path) -> None:
    (tmp_path / "specs" / "pipeline.yaml").write_text(SPEC.replace("=given", "=gven"))

    code, printed, told = config("specs")

    assert (code, printed) == (1, "")
    assert "error[ATK302]" in told
