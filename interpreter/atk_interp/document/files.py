"""Where the texts of files come from: the disk, and over it what an editor holds and has not saved."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path as FilePath

from atk_interp.records import dataclass

__all__ = ["DISK", "Files", "NotAFile"]


class NotAFile(OSError):
    """A pipe, a device or a socket: reading it may wait for ever, and a second reading finds something else."""


@dataclass(frozen=True)
class Files:
    """The files as a check sees them. `unsaved` holds texts by their absolute, resolved paths; they hide what is on
    disk, and need not be there at all.
    """

    unsaved: Mapping[FilePath, str] = field(default_factory=dict)

    def read(self, path: FilePath, limit: int) -> bytes:
        """The first bytes of a file, no more than `limit`.

        Raises `OSError` (`NotAFile` among them), or `ValueError` for an impossible path.
        """
        text = self._unsaved(path)
        if text is not None:
            return text.encode("utf-8", "replace")[:limit]  # half a surrogate pair, as an editor may send it, is `?`
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # to open a folder fails by itself, and says why
            raise NotAFile(0, "it is not a regular file")
        with path.open("rb") as file:
            return file.read(limit)

    def is_file(self, path: FilePath) -> bool:
        return self._unsaved(path) is not None or path.is_file()

    def in_folder(self, folder: FilePath) -> set[FilePath]:
        """What stands in a folder, by the names under which the folder has it."""
        return {*folder.glob("*"), *(folder / path.name for path in self._unsaved_in(folder))}

    def _unsaved(self, path: FilePath) -> str | None:
        return self.unsaved.get(path.resolve()) if self.unsaved else None

    def _unsaved_in(self, folder: FilePath) -> list[FilePath]:
        if not self.unsaved:
            return []
        resolved = folder.resolve()
        return [path for path in self.unsaved if path.parent == resolved]


DISK = Files()
"""The files as they are on disk."""
