"""`atk-interp schema`: the JSON Schemas, on the screen or in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from atk_interp.cli.main import cli


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["schema", *arguments], standalone_mode=False)
    assert result.exception is None, result.exception
    return int(str(result.return_value)), result.stdout, result.stderr


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ((), "atk-interp pipeline spec"),
        (("--for", "spec"), "atk-interp pipeline spec"),
        (("--for", "config"), "atk-interp config"),
        (("--for", "prompt"), "atk-interp prompt"),
        (("factual_qa",), "atk-interp config of factual_qa"),
        (("--for", "config", "factual_qa"), "atk-interp config of factual_qa"),
    ],
)
def test_each_sort_of_file_has_its_schema(arguments: tuple[str, ...], title: str) -> None:
    code, printed, told = call(*arguments)

    assert (code, told) == (0, "")
    assert json.loads(printed)["title"] == title


def test_a_schema_is_written_over_an_older_one(tmp_path: Path) -> None:
    target = tmp_path / "schemas" / "spec.json"

    for _ in range(2):
        assert call("-o", str(target)) == (0, "", f"`{target}` is written\n")

    assert json.loads(target.read_text())["required"] == ["spec", "name", "steps"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("factul_qa",), "there is no file and no pipeline `factul_qa`"),
        (("factual_qa", "--for", "prompt"), "a schema for a prompt is the same for all pipelines"),
        (("-o", "/dev/null/x"), "`/dev/null/x` cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], told: str) -> None:
    code, printed, said = call(*arguments)

    assert (code, printed) == (2, "")
    assert told in said
