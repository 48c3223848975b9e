"""What is installed holds what a user needs: the code, its data files, and the stock pipelines with their prompts."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this work tree, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    built = subprocess.run(command, cwd=project_root, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def below(folder: Path, *endings: str) -> set[str]:
    """The files in a folder, by their paths within it."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not endings or name.endswith(endings)}


def test_the_stock_pipelines_and_their_prompts_travel_in_the_wheel(wheel: zipfile.ZipFile, project_root: Path) -> None:
    names = set(wheel.namelist())

    for folder in ("pipeline_specs", "prompts"):
        expected = {f"atk_interp/_stock/{folder}/{name}" for name in below(project_root / folder)}
        assert expected
        assert expected <= names


def test_the_schemas_that_stock_files_name_travel_with_them(wheel: zipfile.ZipFile, project_root: Path) -> None:
    names = set(wheel.namelist())

    for path in project_root.glob("pipeline_specs/*/*.yaml"):
        schema = path.read_text().partition("\n")[0].partition("$schema=../../")[2]
        assert f"atk_interp/_stock/{schema}" in names, path


def test_code_and_its_data_files_travel_in_the_wheel(wheel: zipfile.ZipFile, project_root: Path) -> None:
    package = project_root / "interpreter" / "atk_interp"
    kept = below(package, ".py", ".lark", ".json", ".html", ".css", ".js", "py.typed")

    assert "py.typed" in kept
    assert {f"atk_interp/{name}" for name in kept} <= set(wheel.namelist())


def test_the_wheel_brings_the_command_and_nothing_of_the_tests(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]

    assert "atk-interp = atk_interp.cli.main:main" in wheel.read(entry_points).decode()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"atk_interp"}
