"""`atk-interp schema`: the JSON Schemas, on the screen or in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Cli


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
def test_each_sort_of_file_has_its_schema(cli: Cli, arguments: tuple[str, ...], title: str) -> None:
    code, printed, told = cli("schema", *arguments)

    assert (code, told) == (0, "")
    assert json.loads(printed)["title"] == title


def test_a_schema_is_written_over_an_older_one(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "schemas" / "spec.json"

    for _ in range(2):
        assert cli("schema", "-o", str(target)) == (0, "", f"`{target}` is written\n")

    assert json.loads(target.read_text())["required"] == ["spec", "name", "steps"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("factul_qa",), "there is no file and no pipeline `factul_qa`"),
        (("factual_qa", "--for", "prompt"), "a schema for a prompt is the same for all pipelines"),
        (("-o", "/dev/null/x"), "`/dev/null/x` cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    code, printed, said = cli("schema", *arguments)

    assert (code, printed) == (2, "")
    assert told in said
