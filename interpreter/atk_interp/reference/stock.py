"""The pages of the stock pipelines: what in them follows from their specs, and pages that list them all.

Such parts stand in a page between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from atk_interp.lint import Linted
from atk_interp.lint.check import check_file
from atk_interp.reference.graph import pipeline_graph
from atk_interp.reference.graph_mermaid import graph_mermaid
from atk_interp.reference.markdown import code, fenced, page, table
from atk_interp.reference.migrating import keys_in_words
from atk_interp.reference.rules import bounds
from atk_interp.reference.yaml_text import flow
from atk_interp.spec import Param, PipelineSpec, taken_by

__all__ = ["filled", "pipelines_page", "project_pages", "stock_readmes"]

_VARIANTS = ("lean", "styles")
"""Folders of prompts that take the place of a pipeline's own."""

_CHARACTERS_IN_PYTHON = {
    "factual_qa": 54_297,
    "multi_source_qa": 61_585,
    "representation_variation": 24_457,
    "corrections": 18_294,
    "rag_training": 26_447,
    "rephrase": 14_867,
    "roleplay": 66_848,
    "clean_documents": 9_718,
    "classifier": 21_066,
    "rubric_judge": 13_748,
    "complete_factual": 90_569,
    "meta": 112_973,
}
"""The Python of each pipeline of Augmentoolkit (`generation/`, commit 36c8580), without the classes and helpers that
they share; of `rubric_judge` the reward functions."""

_CHARACTERS_A_LINE = 38
"""Of the same Python, about."""

_BLOCK = re.compile(r"(?P<mark><!-- generated: (?P<name>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def stock_readmes(specs: Path) -> dict[Path, str]:
    """The README of every pipeline in a folder of pipelines, with its generated parts written anew."""
    readmes = {path.parent / "README.md": path for path in sorted(specs.glob("*/pipeline.yaml"))}
    return {
        readme: filled(readme.read_text(encoding="utf-8"), check_file(path, complete=False).linted[0])
        for readme, path in readmes.items()
        if readme.is_file()
    }


def filled(text: str, linted: Linted) -> str:
    """The page of a pipeline with its generated parts written anew. Raises `KeyError` for a part that nobody knows."""
    return _filled(text, lambda name: _PARTS[name](linted))


def project_pages(root: Path) -> dict[Path, str]:
    """The README of the project and the page for those who come from elsewhere, with their generated parts."""
    parts = {"lines": lambda: _counted(root / "pipeline_specs"), "keys": keys_in_words}
    pages = (root / "README.md", root / "docs" / "migrating.md")
    return {path: _filled(path.read_text(encoding="utf-8"), lambda name: parts[name]()) for path in pages}


def _filled(text: str, part: Callable[[str], str]) -> str:
    return _BLOCK.sub(lambda found: f"{found['mark']}{part(found['name'])}\n{found['end']}", text)


def _counted(specs: Path) -> str:
    """The lines of each pipeline that has a counterpart elsewhere, and the lines of that."""
    rows = []
    for name, characters in _CHARACTERS_IN_PYTHON.items():
        path = specs / name / "pipeline.yaml"
        if path.is_file():
            theirs = round(characters / _CHARACTERS_A_LINE, -1)
            link = f"[{code(name)}](pipeline_specs/{name}/README.md)"
            rows.append([link, str(_lines(path)), str(_lines(*_prompts(path, specs))), f"{theirs:.0f}"])
    return table(["pipeline", "lines of its spec", "of its prompts", "lines of Python there, about"], rows)


def pipelines_page(specs: Path) -> str:
    """A line for every stock pipeline: what it makes, whom it asks, and how much there is to read."""
    rows = [_listed(path, specs) for path in sorted(specs.glob("*/pipeline.yaml"))]
    return page(
        "The stock pipelines",
        "Each is a spec, its prompts and a config to copy: `atk-interp config NAME -o my.yaml`. Lines are those of the "
        "spec and its prompts, without the variants for small models and other styles.",
        table(["name", "makes", "asks", "lines of YAML"], rows),
    )


def _listed(path: Path, specs: Path) -> list[str]:
    spec = _spec(check_file(path, complete=False).linted[0])
    name = path.parent.name
    lines = _lines(path, *_prompts(path, specs))
    asked = ", ".join(f"{code(slot.name)} ({slot.expects})" for slot in spec.models.values())
    return [f"[{name}](../../pipeline_specs/{name}/README.md)", spec.description, asked or "no model", str(lines)]


def _prompts(path: Path, specs: Path) -> list[Path]:
    folder = specs.parent / "prompts" / path.parent.name
    return [file for file in folder.rglob("*.*") if file.relative_to(folder).parts[0] not in _VARIANTS]


def _lines(*files: Path) -> int:
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def _spec(linted: Linted) -> PipelineSpec:
    assert linted.analysis is not None
    return linted.analysis.spec


def _graph(linted: Linted) -> str:
    return fenced(graph_mermaid(pipeline_graph(linted)), "mermaid")


def _parameters(linted: Linted) -> str:
    sections: dict[str, list[Param]] = {}
    for param in _spec(linted).params.values():
        sections.setdefault(param.section, []).append(param)
    rows = [row for section, params in sections.items() for row in _rows(section, params)]
    return table(["parameter", "takes", "default", "what it is for"], rows)


def _rows(section: str, params: list[Param]) -> Iterator[list[str]]:
    if section:
        yield [f"**{section}**", "", "", ""]
    for param in params:
        takes = taken_by(param).removeprefix("a ") + bounds(param.min, param.max)
        if param.choices:
            takes += ": " + ", ".join(code(flow(choice)) for choice in param.choices)
        default = "required" if param.required else code(flow(param.default)) if param.has_default else "none"
        yield [code(param.name), takes, default, param.help]


_PARTS: Mapping[str, Callable[[Linted], str]] = {"graph": _graph, "parameters": _parameters}
