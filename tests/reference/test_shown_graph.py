"""What `atk-interp show` prints: `graphs/NAME.yaml`, or a folder with a config, beside `graphs/NAME.FORMAT`.

With `pytest tests/reference/test_shown_graph.py --update-cases` they are written anew; their diff is to be read.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from atk_interp.cli.main import cli

GRAPHS = Path(__file__).parent / "graphs"
NAMES = ["asking/config.yaml", "asking/pipeline.yaml", "branches.yaml", "broken.yaml", "nested/config.yaml"]


@pytest.fixture(autouse=True)
def _among_the_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GRAPHS)


def show(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["show", *arguments], standalone_mode=False)


@pytest.mark.parametrize("format_", ["text", "mermaid", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_a_graph_is_shown_as_the_case_says(name: str, format_: str, request: pytest.FixtureRequest) -> None:
    shown = show(name, "--format", format_)
    printed = json.dumps(json.loads(shown.stdout), indent=2) + "\n" if format_ == "json" else shown.stdout
    found = f"{printed}{shown.stderr}exit code {shown.return_value}\n"
    expected = GRAPHS / f"{name.replace('/', '_').removesuffix('.yaml')}.{format_}"
    if request.config.getoption("--update-cases"):
        expected.write_text(found, encoding="utf-8")

    assert found == expected.read_text(encoding="utf-8")


def test_one_step_can_be_shown_alone() -> None:
    shown = show("branches.yaml", "--step", "by_river", "--step", "single")

    assert [line for line in shown.stdout.splitlines() if not line.startswith(" ")] == [
        "by_river  (group, n to 1)",
        "",
        "single  (explode, 1 to n)",
    ]
    assert [
        step["name"] for step in json.loads(show("branches.yaml", "--step", "all", "--format", "json").stdout)["steps"]
    ] == ["all"]


def test_a_step_that_there_is_not_is_told_with_what_is_near() -> None:
    shown = show("branches.yaml", "--step", "singel")

    assert (shown.return_value, shown.stderr) == (
        2,
        "error: there is no step `singel`\n  help: did you mean `single`?\n",
    )


def test_a_stock_pipeline_is_shown_by_its_name() -> None:
    shown = show("factual_qa")

    assert (shown.return_value, shown.stderr) == (0, "")
    assert shown.stdout.startswith("factual_qa: Question-answer pairs")


def test_a_name_that_nothing_bears_cannot_be_shown() -> None:
    shown = show("factul_qa")

    assert (shown.return_value, shown.stderr) == (
        2,
        "error: there is no file and no pipeline `factul_qa`\n  help: did you mean `factual_qa`?\n",
    )


def test_what_is_no_spec_is_told_as_lint_tells_it(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- one\n- two\n", encoding="utf-8")
    shown = show(str(tmp_path / "list.yaml"))

    assert (shown.return_value, shown.stdout) == (1, "")
    assert "error[ATK209]" in shown.stderr


def test_names_are_bold_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in show("branches.yaml").stdout

    monkeypatch.setattr("atk_interp.cli.commands.show.coloured", lambda terminal: True)
    assert "\x1b[1msingle\x1b[0m" in show("branches.yaml").stdout


def test_a_step_within_another_one_can_be_shown_alone() -> None:
    shown = show("nested/config.yaml", "--step", "improved.graded")

    assert shown.return_value == 0
    assert shown.stdout.startswith(
        "improved.graded  (generate, 1 to 1, optional, asks a model)\n  from     improved.dr"
    )
    assert "│" not in shown.stdout


def test_no_line_is_longer_than_a_narrow_terminal() -> None:
    shown = [show("factual_qa"), show("nested/config.yaml")]

    assert max(len(line) for graph in shown for line in graph.stdout.splitlines()) <= 100


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ("samples: 3", "1 to n"),
        ("samples: =n", "1 to n"),
        ("on_reject: keep", "1 to 1"),
        ("on_reject: keep, keep: a != b", "1 to 0 or 1"),
        ("attempts: 2", "1 to 0 or 1"),
    ],
)
def test_rows_are_counted_as_the_step_is_written(options: str, rows: str, tmp_path: Path) -> None:
    spec = f"""
        {{spec: atk/v1, name: s, params: {{n: {{type: int}}}}, models: {{m: {{expects: any}}}}, steps: {{
            texts: {{kind: rows, rows: [{{b: c}}]}},
            asked: {{kind: generate, from: texts, model: m, prompt: ask, parse: {{text: a}}, {options}}}}},
         outputs: {{o.jsonl: {{from: asked, format: jsonl}}}}}}
    """
    (tmp_path / "s.yaml").write_text(spec, encoding="utf-8")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "ask.yaml").write_text("- user: '{{ b }}'\n", encoding="utf-8")

    assert f"asked  (generate, {rows}, asks a model)" in show(str(tmp_path / "s.yaml")).stdout


def test_errors_that_the_settings_of_the_project_ignore_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "ask.yaml").write_text("- user: hello\n- assistant: 'no'\n- user: '{{ b }}'\n", "utf-8")
    spec = """
spec: atk/v1
name: s
models: {m: {expects: any}}
steps:
  texts: {kind: rows, rows: [{b: c}]}
  asked: {kind: generate, from: texts, model: m, prompt: ask, parse: {tag: a}}
outputs: {o.jsonl: {from: asked, format: jsonl}}
"""
    (tmp_path / "s.yaml").write_text(spec, encoding="utf-8")
    assert "a spec with 1 error;" in show(str(tmp_path / "s.yaml")).stderr

    (tmp_path / "pyproject.toml").write_text('[tool.atk-interp.lint]\nignore = ["unread-example"]\n', encoding="utf-8")
    assert (show(str(tmp_path / "s.yaml")).return_value, show(str(tmp_path / "s.yaml")).stderr) == (0, "")
