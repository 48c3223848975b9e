"""Putting what was imported into a folder: all of it or nothing, and over nothing that is there.

The files are made in a folder beside the output, and only then get into their places. A journal beside that folder says
what they are: an import that was killed is undone by the next one into the same output.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from atk_interp.records import dataclass

__all__ = ["AlreadyThere", "Staged", "discard", "new_folder", "place", "staged"]

_OPEN, _PLACED = ".importing", ".imported"
"""What the name of a journal ends in while files get into their places, and when all of them have."""

_MADE = "made"
"""What stands in a journal before a folder that was not there yet."""


class AlreadyThere(Exception):
    """Files would have been overwritten; they are named."""

    def __init__(self, files: list[str]) -> None:
        super().__init__(", ".join(files))
        self.files = files


@dataclass(frozen=True)
class Staged:
    """The folder with all files, and its journal, which is held as long as it is open."""

    folder: Path
    journal: IO[bytes]

    @property
    def path(self) -> Path:
        """Where the journal stands."""
        return _journal(self.folder, _OPEN)


def new_folder(beside: Path, name: str) -> Path:
    """The path of a folder that does not exist: `imported_NAME`, with a number where there is one."""
    number, found = 2, beside / f"imported_{name}"
    while os.path.lexists(found):
        number, found = number + 1, beside / f"imported_{name}_{number}"
    return found


def staged(output: Path, files: Mapping[str, str]) -> Staged:
    """A temporary folder beside the output with all files in it. Raises `OSError`, `AlreadyThere`.

    What an import into this output left when it was killed is taken away first.
    """
    _undo_killed(output)
    there = sorted(name for name in files if os.path.lexists(output / name))
    if there:
        raise AlreadyThere(there)
    beside = output.absolute().parent
    beside.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", suffix=_OPEN, dir=beside)
    stage = Staged(Path(name.removesuffix(_OPEN)), os.fdopen(descriptor, "r+b", buffering=0))
    _hold(stage.journal)
    try:
        stage.folder.mkdir()
        for name, text in files.items():
            path = stage.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
    except BaseException:
        discard(stage)
        raise
    return stage


def discard(stage: Staged) -> None:
    """Take a staged folder away."""
    stage.journal.close()
    shutil.rmtree(stage.folder, ignore_errors=True)
    stage.path.unlink(missing_ok=True)


def place(stage: Staged, output: Path) -> None:
    """Make a staged folder the output, or add its files to one that is there. Raises `OSError`, `AlreadyThere`.

    A folder that is new appears at once. In one that is there every file is linked into its place, which fails where
    something stands; then those that were placed before are taken away again.
    """
    folder = stage.folder
    if not os.path.lexists(output):
        folder.chmod(0o777 & ~_umask())
        folder.rename(output)
        discard(stage)
        return
    _write_journal(stage, output)
    placed: list[Path] = []
    made: list[Path] = []
    try:
        for path in _files(folder):
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
    _finish(stage)


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder with those above it, and take note of each that is new."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        if not path.exists():
            path.mkdir()
            made.append(path)


def _files(folder: Path) -> list[Path]:
    return sorted(found for found in folder.rglob("*") if found.is_file())


def _folders(folder: Path) -> list[str]:
    """The folders below one, by their paths from it; each behind those that are in it."""
    return sorted((path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_dir()), reverse=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# -------------------------------------------------------------------------------------------------------- journals


def _journal(folder: Path, state: str) -> Path:
    return folder.with_name(folder.name + state)


def _write_journal(stage: Staged, output: Path) -> None:
    """Write down what each file is, and which folders are new, before the first file gets into its place."""
    lines = [f"{_digest(path)} {path.relative_to(stage.folder).as_posix()}\n" for path in _files(stage.folder)]
    lines += [f"{_MADE} {below}\n" for below in _folders(stage.folder) if not os.path.lexists(output / below)]
    stage.journal.write("".join(lines).encode())
    os.fsync(stage.journal.fileno())


def _finish(stage: Staged) -> None:
    """Take the staged folder away; from the first line on all files count as imported, whatever happens."""
    stage.journal.close()
    done = stage.path.rename(_journal(stage.folder, _PLACED))
    shutil.rmtree(stage.folder)
    done.unlink()


def _undo_killed(output: Path) -> None:
    """Take away what imports into this output left when they were killed, but for files that were changed since."""
    beside = output.absolute().parent
    for path, state in _journals(beside, output.name):
        folder = path.with_name(path.name.removesuffix(state))
        with path.open("r+b", buffering=0) as journal:
            if not _hold(journal):
                continue  # it goes on
            told = {*journal.read().decode().splitlines()}
        if state == _OPEN and folder.is_dir():
            for staged_file in _files(folder):
                _withdraw(staged_file, output / staged_file.relative_to(folder), folder, told)
            for below in _folders(folder):
                if f"{_MADE} {below}" in told:
                    with suppress(OSError):  # it was never made, or something is in it
                        (output / below).rmdir()
        shutil.rmtree(folder, ignore_errors=True)
        path.unlink(missing_ok=True)


def _journals(beside: Path, name: str) -> Iterator[tuple[Path, str]]:
    if beside.is_dir():
        for path in sorted(beside.iterdir()):
            for state in (_OPEN, _PLACED):
                own = path.name.removeprefix(f".{name}.").removesuffix(state)
                if path.name == f".{name}.{own}{state}" and "." not in own and path.is_file():
                    yield path, state


def _withdraw(staged_file: Path, goal: Path, folder: Path, digests: set[str]) -> None:
    """Remove a file from the output if it is the one that was linked there, and still as it was."""
    if not goal.is_file() or goal.is_symlink() or not goal.samefile(staged_file):
        return
    if f"{_digest(goal)} {staged_file.relative_to(folder).as_posix()}" in digests:
        goal.unlink()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hold(journal: IO[bytes]) -> bool:
    """Hold a journal until it is closed, or the process ends; false when another process does."""
    try:
        import fcntl
    except ImportError:  # on Windows, where a file that another process has open cannot be removed
        return True
    try:
        fcntl.flock(journal.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
