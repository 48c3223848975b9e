"""The pages of the stock pipelines: what in them follows from their specs, and a page that lists them all.

Such parts stand in the README of a pipeline between `<!-- generated: NAME -->` and `<!-- end -->`.
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
from atk_interp.reference.rules import bounds
from atk_interp.reference.yaml_text import flow
from atk_interp.spec import TYPE_NAMES, Param, PipelineSpec

__all__ = ["filled", "pipelines_page", "stock_readmes"]

_VARIANTS = ("lean", "styles")
"""Folders of prompts that take the place of a pipeline's own."""

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
    """A page with its generated parts written anew. Raises `KeyError` for a part that nobody knows."""

    def block(found: re.Match[str]) -> str:
        return f"{found['mark']}{_PARTS[found['name']](linted)}\n{found['end']}"

    return _BLOCK.sub(block, text)


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
    folder = specs.parent / "prompts" / name
    prompts = [file for file in folder.rglob("*.*") if file.relative_to(folder).parts[0] not in _VARIANTS]
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in (path, *prompts))
    asked = ", ".join(f"{code(slot.name)} ({slot.expects})" for slot in spec.models.values())
    return [f"[{name}](../../pipeline_specs/{name}/README.md)", spec.description, asked or "no model", str(lines)]


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
        takes = TYPE_NAMES[param.type].removeprefix("a ") + bounds(param.min, param.max)
        if param.choices:
            takes += ": " + ", ".join(code(flow(choice)) for choice in param.choices)
        default = "required" if param.required else code(flow(param.default)) if param.has_default else "none"
        yield [code(param.name), takes, default, param.help]


_PARTS: Mapping[str, Callable[[Linted], str]] = {"graph": _graph, "parameters": _parameters}
