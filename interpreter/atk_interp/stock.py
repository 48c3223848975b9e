"""Finding pipelines by name: those of the project at hand, then those that ship with the program."""

from __future__ import annotations

import re
from pathlib import Path

from atk_interp.patterns import pattern

__all__ = ["find_pipeline", "is_shipped", "project_root", "stock_folders", "stock_names"]

_PACKAGE = Path(__file__).resolve().parent
_MARKERS = (".atk", "pyproject.toml", ".git")
_HEAD_BYTES = 200_000
_PIPELINE = pattern(r"""^(?:\{\s*)?["']?pipeline["']?[ \t]*:""", re.MULTILINE)
_SPEC = pattern(r"""^(?:\{\s*)?["']?(?:spec|steps)["']?[ \t]*:""", re.MULTILINE)


def stock_folders() -> list[Path]:
    """Folders of pipelines that ship with the program: inside the package, or the checkout it runs from."""
    candidates = (_PACKAGE / "_stock" / "pipeline_specs", _PACKAGE.parent.parent / "pipeline_specs")
    return [folder for folder in candidates if folder.is_dir()]


def is_shipped(path: Path) -> bool:
    """Whether a file came with an installed copy of the program: not the user's to change."""
    return path.resolve().is_relative_to(_PACKAGE / "_stock")


def stock_names() -> list[str]:
    """The names of all stock pipelines."""
    found = {path.parent.name for folder in stock_folders() for path in folder.glob("*/pipeline.yaml")}
    return sorted(found)


def find_pipeline(name: str, folder: Path, *, configs: bool = False) -> Path | None:
    """The spec that a config or a command names: a path relative to `folder`, or the name of a pipeline.

    A name is looked for under `pipeline_specs/` in the folders above, and then among the stock pipelines. A config
    NAME.yaml is not the pipeline of that name: it may well be what names it. With `configs` it is found as the last.
    """
    try:
        path = folder / Path(name).expanduser()
        beside = path.parent / f"{path.name}.yaml"
        config = beside if not path.is_file() and beside.is_file() and _names_pipeline(beside) else None
        for candidate in (path, beside, path / "pipeline.yaml"):
            if candidate != config and candidate.is_file():
                return candidate
    except (OSError, ValueError, RuntimeError):
        return None  # what no file can be named: too long, a zero byte, the folder of a user who is not there
    return _by_name(name, folder) or (config if configs else None)


def _names_pipeline(path: Path) -> bool:
    """Whether a YAML file is a config by its text."""
    try:
        with path.open("rb") as file:
            text = file.read(_HEAD_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return False  # it is told where it is read
    return _PIPELINE.search(text) is not None and _SPEC.search(text) is None


def _by_name(name: str, folder: Path) -> Path | None:
    if not name or "/" in name or "\\" in name or name in (".", ".."):
        return None
    above = [parent / "pipeline_specs" for parent in (folder, *folder.parents)]
    for specs in (*above, *stock_folders()):
        if (specs / name / "pipeline.yaml").is_file():
            return specs / name / "pipeline.yaml"
    return None


def project_root(start: Path) -> Path:
    """The nearest folder upwards that looks like a project (`.atk`, `pyproject.toml`, `.git`), else `start`."""
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in _MARKERS):
            return folder
    return start
