"""Which files the paths on a command line stand for: specs and configs, by themselves or in folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atk_interp.cli.output import complain

__all__ = ["files_of", "is_ours"]


def files_of(paths: Sequence[Path]) -> list[Path] | None:
    """The files that the paths name, and those that stand in named folders; without a path, in the working folder.

    None, with the reason printed, when a path does not exist or there is nothing at all.
    """
    files: list[Path] = []
    for path in paths or (Path(),):
        if not path.exists():
            complain(f"`{path}` does not exist")
            return None
        files += _files(path)
    if not files:
        complain("there is nothing to check here", "name a spec, a config or a folder that holds some")
        return None
    return files


def _files(path: Path) -> list[Path]:
    """The specs and configs that a path stands for."""
    if path.is_file():
        return [path]
    found = [*path.rglob("pipeline.yaml"), *path.rglob("config.yaml")]
    return sorted(
        file
        for file in found
        if not any(part.startswith(".") or part == "node_modules" for part in file.relative_to(path).parts)
        and is_ours(file)
    )


def is_ours(file: Path) -> bool:
    """Whether a YAML file is a spec or config of ours: other tools have files of these names too."""
    try:
        head = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(line.startswith(("spec:", "pipeline:")) for line in head.splitlines())
