"""What the package imports is what `pyproject.toml` declares, and the other way round."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BROUGHT_ALONG = {
    "aiohttp": "openai",  # its transport, by the extra of this name; some failures come through as they are
    "httpx2": "openai",  # its responses and timeouts
    "lxml": "python-docx",  # its documents are lxml trees
    "markupsafe": "jinja2",  # its rendered text may be `Markup`
}
"""Imported though not declared, because the library named gives them out as its own types."""


@pytest.fixture(scope="module")
def project(project_root: Path) -> dict[str, Any]:
    """The `[project]` table."""
    table: dict[str, Any] = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def imported(project_root: Path) -> set[str]:
    """The distributions that the package imports anywhere, also inside functions."""
    modules: set[str] = set()
    for path in (project_root / "interpreter").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
                modules |= {str(arg.value).partition(".")[0] for arg in node.args if isinstance(arg, ast.Constant)}
    known = packages_distributions()
    third_party = modules - set(sys.stdlib_module_names) - {"atk_interp"}
    return {_shortest(known.get(module, [module])) for module in third_party}


def _shortest(distributions: list[str]) -> str:
    """The one that gives a module; of several that share a name space the plainest (`opentelemetry-api`)."""
    return str(canonicalize_name(min(distributions, key=lambda name: (len(name), name))))


def named(lines: list[str]) -> set[str]:
    """The distributions of some requirement lines."""
    return {str(canonicalize_name(Requirement(line).name)) for line in lines}


def test_every_import_is_declared(project: dict[str, Any], imported: set[str]) -> None:
    extras = project["optional-dependencies"]
    declared = named(project["dependencies"]).union(*(named(extras[name]) for name in extras if name != "dev"))

    assert imported - declared - set(BROUGHT_ALONG) == set()
    assert {BROUGHT_ALONG[name] for name in imported & set(BROUGHT_ALONG)} <= declared


def test_every_declared_library_is_used(project: dict[str, Any], imported: set[str]) -> None:
    used_lines = project["dependencies"] + project["optional-dependencies"]["documents"]

    assert named(used_lines + project["optional-dependencies"]["embedded"]) - imported == set()


def test_the_lock_names_every_declared_library(project: dict[str, Any], project_root: Path) -> None:
    lock = (project_root / "requirements" / "dev.txt").read_text(encoding="utf-8")
    locked = named([line.removesuffix(" \\") for line in lock.splitlines() if line[:1].isalnum()])
    extras = project["optional-dependencies"]

    assert named(project["dependencies"] + extras["embedded"] + extras["documents"] + extras["dev"]) <= locked


def test_the_lock_holds_hashes_and_no_address(project_root: Path) -> None:
    lines = (project_root / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines()
    pins = [number for number, line in enumerate(lines) if line[:1].isalnum()]

    assert pins
    assert [lines[number] for number in pins if "--hash=sha256:" not in lines[number + 1]] == []
    assert [line for line in lines if "//" in line] == []
