"""What in the pages of the stock pipelines follows from their specs."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.lint.check import check_file
from atk_interp.reference.stock import filled, pipelines_page, project_pages, stock_readmes

README = "# Title\n\n<!-- generated: {} -->\nold\n<!-- end -->\n\nKept.\n"


def test_a_part_is_written_anew_and_the_rest_is_kept(project_root: Path) -> None:
    linted = check_file(project_root / "pipeline_specs" / "factual_qa" / "pipeline.yaml").linted[0]

    graph = filled(README.format("graph"), linted)
    assert graph.startswith("# Title\n\n<!-- generated: graph -->\n```mermaid\ngraph LR\n")
    assert graph.endswith("```\n<!-- end -->\n\nKept.\n")
    assert "old" not in graph
    assert filled(graph, linted) == graph
    parameters = filled(README.format("parameters"), linted)
    assert "| `votes` | whole number, 1 to 15 | `3` | How many judges look at each pair in each check |" in parameters
    assert "| `input_dir` | path | required | " in parameters


def test_a_part_that_nobody_knows_is_an_error(project_root: Path) -> None:
    linted = check_file(project_root / "pipeline_specs" / "factual_qa" / "pipeline.yaml").linted[0]
    with pytest.raises(KeyError, match="grpah"):
        filled(README.format("grpah"), linted)


def test_every_stock_pipeline_is_listed_with_a_page_of_its_own(project_root: Path) -> None:
    specs = project_root / "pipeline_specs"
    listed = pipelines_page(specs)
    for path in specs.glob("*/pipeline.yaml"):
        assert f"| [{path.parent.name}](../../pipeline_specs/{path.parent.name}/README.md) | " in listed
        readme = stock_readmes(specs).get(path.parent / "README.md")
        assert readme is not None
        assert "<!-- generated: graph -->" in readme
        assert "<!-- generated: parameters -->" in readme


def test_the_lines_of_a_pipeline_are_counted_into_the_readme_of_the_project(project_root: Path) -> None:
    specs = project_root / "pipeline_specs"
    lines = len((specs / "rephrase" / "pipeline.yaml").read_text().splitlines())
    readme = project_root / "README.md"
    page = project_pages(project_root)[readme]

    assert f"| [`rephrase`](pipeline_specs/rephrase/README.md) | {lines} | " in page
    assert page == readme.read_text()


def test_the_keys_of_other_configs_are_told_as_they_are_imported(project_root: Path) -> None:
    page = project_pages(project_root)[project_root / "docs" / "migrating.md"]

    assert "\n### factual_qa\n" in page
    assert "| `skip_answer_relevancy_check` | `skip_relevancy_check` |" in page
