"""Where a ledger is, and how it names the folders of runs."""

from __future__ import annotations

import os
from pathlib import Path

from atk_interp.stock import project_root

__all__ = ["claims_path", "default_ledger", "folder_name", "folder_path"]


def default_ledger() -> Path:
    """`.atk/ledger.db` in the project that the working folder belongs to."""
    return project_root(Path.cwd()) / ".atk" / "ledger.db"


def claims_path(ledger: Path) -> Path:
    """The file that the processes with a ledger open share beside it."""
    return ledger.with_name(f"{ledger.name}-claims")


def folder_name(ledger: Path, folder: Path) -> str:
    """How an output folder is written in a ledger: as seen from the ledger's, so that both can move together."""
    try:
        return Path(os.path.relpath(folder.resolve(), ledger.resolve().parent)).as_posix()
    except ValueError:  # on another drive
        return folder.resolve().as_posix()


def folder_path(ledger: Path, name: str) -> Path:
    """The folder that a ledger writes so, as seen from where the path of the ledger is."""
    return Path(os.path.normpath(ledger.parent / name))
