"""The files of a folder that is not ours: found without following links out of it, read as text whatever they hold."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from atk_interp.importing.notes import Notes
from atk_interp.records import dataclass
from atk_interp.source import SourceFile

__all__ = ["TooManyFiles", "Tree"]

_MAX_BYTES = 2_000_000
_MAX_FILES = 50_000
_SKIPPED = frozenset(("node_modules", "__pycache__", "venv", "site-packages"))
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class TooManyFiles(Exception):
    """A folder with more files than any checkout has."""


@dataclass(frozen=True)
class Tree:
    """A folder to import from. `root` is resolved; nothing outside of it is opened."""

    root: Path
    notes: Notes = field(default_factory=Notes)

    def shown(self, path: Path) -> str:
        """A path as it is told of: from the root."""
        name = os.path.relpath(path, self.root).replace(os.sep, "/")
        return self.root.name if name == "." else name

    def files(self, folder: Path, suffixes: tuple[str, ...], *, below: bool = True) -> list[Path]:
        """The files of a folder with these suffixes, and those of its folders, in the order of their paths.

        Links that lead out of the root, and folders that are links, are told of and left.
        """
        found = [path for path in self._walked(folder, below) if path.suffix.lower() in suffixes]
        return sorted(path for path in found if self._is_inside(path))

    def folders(self, folder: Path) -> list[Path]:
        """The folders in a folder, but for those that hold no text of the user's."""
        found = (Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
        return sorted(path for path in found if not _is_skipped(path.name))

    def _walked(self, folder: Path, below: bool) -> Iterator[Path]:
        count = 0
        for where, folders, files in os.walk(folder):
            for name in folders:
                if (Path(where) / name).is_symlink():
                    self.notes.left(self.shown(Path(where) / name), 0, "a link to a folder is not followed")
            folders[:] = sorted(name for name in folders if below and not _is_skipped(name))
            count += len(files)
            if count > _MAX_FILES:
                raise TooManyFiles(f"`{folder}` has more than {_MAX_FILES:,} files")
            yield from (Path(where) / name for name in files)

    def _is_inside(self, path: Path) -> bool:
        if path.is_symlink() and not path.resolve().is_relative_to(self.root):
            self.notes.left(self.shown(path), 0, "a link that leads out of what is imported is not followed")
            return False
        return True

    def read(self, path: Path) -> SourceFile | None:
        """The text of a file with line feeds alone; None, with the reason in the notes, when there is none."""
        name = self.shown(path)
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                self.notes.failed(name, 0, "it is not a regular file")
                return None
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            self.notes.failed(name, 0, f"it cannot be read: {(error.strerror or str(error)).lower()}")
            return None
        if len(data) > _MAX_BYTES:
            self.notes.failed(name, 0, f"it has more than {_MAX_BYTES:,} bytes, which no prompt or config has")
            return None
        text = self._decoded(name, data)
        return None if text is None else SourceFile(name, text.replace("\r\n", "\n").replace("\r", "\n"))

    def _decoded(self, name: str, data: bytes) -> str | None:
        for mark, encoding in _MARKS:
            if data.startswith(mark):
                self.notes.renamed(name, 0, "it was UTF-16, and is UTF-8 now")
                return data.decode(encoding, "replace")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if b"\0" in data:
                self.notes.failed(name, 0, "it is not text")
                return None
            line = data.count(b"\n", 0, error.start) + 1
            told = "bytes that are not UTF-8 are read as Windows-1252; the original drops them"
            self.notes.look(name, line, told)
            return data.removeprefix(b"\xef\xbb\xbf").decode("cp1252", "replace")


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED
