"""Finding pipelines by name: those of the project at hand, then those that ship with the program."""

from __future__ import annotations

from pathlib import Path

__all__ = ["find_pipeline", "is_shipped", "project_root", "stock_folders", "stock_names"]

_PACKAGE = Path(__file__).resolve().parent
_MARKERS = (".atk", "pyproject.toml", ".git")


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


def find_pipeline(name: str, folder: Path) -> Path | None:
    """The spec that a config or a command names: a path relative to `folder`, or the name of a pipeline.

    A name is looked for under `pipeline_specs/` in the folders above, and then among the stock pipelines.
    """
    try:
        path = folder / Path(name).expanduser()
        for candidate in (path, path.parent / f"{path.name}.yaml", path / "pipeline.yaml"):
            if candidate.is_file():
                return candidate
    except (OSError, ValueError, RuntimeError):
        return None  # what no file can be named: too long, a zero byte, the folder of a user who is not there
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
