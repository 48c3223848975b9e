"""Putting what was imported into a folder: all of it or nothing, and over nothing that is there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

__all__ = ["AlreadyThere", "new_folder", "place", "staged"]


class AlreadyThere(Exception):
    """Files would have been overwritten; they are named."""

    def __init__(self, files: list[str]) -> None:
        super().__init__(", ".join(files))
        self.files = files


def new_folder(beside: Path, name: str) -> Path:
    """The path of a folder that does not exist: `imported_NAME`, with a number where there is one."""
    number, found = 2, beside / f"imported_{name}"
    while os.path.lexists(found):
        number, found = number + 1, beside / f"imported_{name}_{number}"
    return found


def staged(output: Path, files: Mapping[str, str]) -> Path:
    """A temporary folder beside the output with all files in it. Raises `OSError`, `AlreadyThere`."""
    there = sorted(name for name in files if os.path.lexists(output / name))
    if there:
        raise AlreadyThere(there)
    beside = output.absolute().parent
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=beside))
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def place(folder: Path, output: Path) -> None:
    """Make a staged folder the output, or add its files to one that is there. Raises `OSError`, `AlreadyThere`.

    A folder that is new appears at once. In one that is there every file is linked into its place, which fails where
    something stands; then those that were placed before are taken away again.
    """
    if not os.path.lexists(output):
        folder.chmod(0o777 & ~_umask())
        folder.rename(output)
        return
    placed: list[Path] = []
    made: list[Path] = []
    try:
        for path in sorted(found for found in folder.rglob("*") if found.is_file()):
            goal = output / path.relative_to(folder)
            _make(goal.parent, made)
            os.link(path, goal)
            placed.append(goal)
    except BaseException as error:
        for goal in placed:
            goal.unlink(missing_ok=True)
        for parent in reversed(made):
            with suppress(OSError):
                parent.rmdir()
        if isinstance(error, FileExistsError):
            raise AlreadyThere([str(error.filename2 or error.filename)]) from error
        raise
    shutil.rmtree(folder)


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder with those above it, and take note of each that is new."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        if not path.exists():
            path.mkdir()
            made.append(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
