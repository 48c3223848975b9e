"""The table of a `pyproject.toml`: what it says, and what is said of what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.lint.check import Wishes, check
from atk_interp.lint.settings import SettingsFinder

SPEC = """spec: atk/v1
name: x
params: {p: {type: int, default: 1}}
steps: {a: {kind: rows, rows: [{text: one}]}}
outputs: {a.jsonl: {from: a, format: jsonl}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "pipeline.yaml").write_text(SPEC)
    return tmp_path


def told(project: Path, table: str, wishes: Wishes = Wishes()) -> list[str]:  # noqa: B008 - it is frozen
    (project / "pyproject.toml").write_text(table)
    return [finding.code.name for finding in check([project], wishes).report.findings]


def problems(project: Path, table: str) -> list[tuple[str, str]]:
    (project / "pyproject.toml").write_text(table)
    finder = SettingsFinder()
    finder.of(project / "deep" / "er" / "pipeline.yaml")
    found = finder.sink.sorted()
    assert {finding.code.name for finding in found} <= {"bad-lint-setting"}
    return [(finding.message, finding.span.text) for finding in found if finding.span]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", ["unused-param"]),
        ("[tool.other]\nselect = []\n", ["unused-param"]),
        ("[tool.atk-interp.lint]\nignore = ['ATK522']\n", []),
        ("[tool.'atk-interp'.lint]\nignore = ['ATK522']\n", []),
        ("tool.atk-interp.lint.ignore = ['ATK5']\n", []),
        ("[tool.atk-interp]\nlint = {ignore = ['unused-param']}\n", []),
        ("[tool.atk-interp.lint]\nselect = ['notice', 'missing-config']\n", ["missing-config"]),
        ("[tool.atk-interp.lint]\nextend-select = ['missing-config']\n", ["missing-config", "unused-param"]),
        ("[tool.atk-interp.lint.per-file-ignores]\n'deep/**' = ['ATK522']\n", []),
        ("[tool.atk-interp.lint.per-file-ignores]\n'pipeline.yaml' = ['warning']\n", []),
        ("[tool.atk-interp.lint.per-file-ignores]\n'deep/*.yaml' = ['ATK522']\n", []),
        ("[tool.atk-interp.lint.per-file-ignores]\n'tests/*' = ['ATK522']\n", ["unused-param"]),
        ("[tool.atk-interp.lint]\nexclude = ['er']\n", []),
        ("[tool.atk-interp.lint]\nexclude = ['deep/er/pipeline.yaml']\n", []),
    ],
)
def test_a_table_says_what_is_told(project: Path, table: str, expected: list[str]) -> None:
    assert told(project, table) == expected


def test_the_nearest_file_with_a_table_counts(project: Path) -> None:
    (project / "deep" / "pyproject.toml").write_text("[tool.atk-interp.lint]\nignore = []\n")
    assert told(project, "[tool.atk-interp.lint]\nignore = ['ATK522']\n") == ["unused-param"]

    (project / "deep" / "pyproject.toml").write_text("[tool.other]\nignore = []\n")
    assert told(project, "[tool.atk-interp.lint]\nignore = ['ATK522']\n") == []


def test_a_select_on_the_command_line_sets_the_table_aside_and_the_rest_adds_to_it(project: Path) -> None:
    table = "[tool.atk-interp.lint]\nignore = ['ATK522']\n"

    assert told(project, table, Wishes(select=("ATK522",))) == ["unused-param"]
    assert told(project, table, Wishes(extend_select=("missing-config",))) == ["missing-config"]
    assert told(project, "[tool.atk-interp.lint]\nselect = ['all']\n", Wishes(ignore=("ATK",))) == []


@pytest.mark.parametrize(
    ("table", "message", "place"),
    [
        ("[tool.atk-interp.lint]\nignroe = ['ATK522']\n", "unknown key `ignroe` in `[tool.atk-interp.lint]`", "ignroe"),
        ("[tool.atk-interp.lnit]\nignore = ['ATK522']\n", "unknown key `lnit` in `[tool.atk-interp]`", "lnit"),
        ("[tool.atk-interp.lint]\nignore = ['ATK52222']\n", "`ATK52222` is no code, name or severity", "ATK52222"),
        ("[tool.atk-interp.lint]\nselect = 'all'\n", "`select` takes a list of texts", "select"),
        ("[tool.atk-interp.lint]\nstrict = 1\n", "`strict` takes true or false", "strict"),
        ("[tool.atk-interp.lint]\nformat = 'txt'\n", "there is no format `txt`", "txt"),
        ("[tool.atk-interp]\nlint = 3\n", "`lint` is a table", "lint"),
        (
            "[tool.atk-interp.lint]\nper-file-ignores = 3\n",
            "`per-file-ignores` is a table of patterns",
            "per-file-ignores",
        ),
        ("[tool.atk-interp.lint.per-file-ignores]\n'x' = ['nope']\n", "`nope` is no code, name or severity", "nope"),
        (
            "[tool.atk-interp.lint]\nignore = ['ATK102']\n",
            "`ATK102` cannot be ignored: it says that a file cannot be read",
            "ATK102",
        ),
        ("[tool.atk-interp.lint]\nignore = [\n", "this is not TOML: invalid value", "["),
    ],
)
def test_what_a_table_says_in_vain_is_told_at_its_place(project: Path, table: str, message: str, place: str) -> None:
    assert problems(project, table) == [(message, place)]


def test_a_mistake_in_a_table_is_a_finding_among_the_others(project: Path) -> None:
    assert told(project, "[tool.atk-interp.lint]\nignroe = ['ATK522']\n") == ["unused-param", "bad-lint-setting"]
