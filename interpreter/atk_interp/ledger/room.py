"""Whether a disk has room, and how to say so."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["file_bytes", "free_bytes", "no_room", "size"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_PROBE_BYTES = 64 * 1024
"""SQLite writes its files in steps of this size at most."""


def no_room(folder: Path) -> bool:
    """True when the disk of a folder, or the user's share of it, is full. Found by trying, for the sake of quotas."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(os.urandom(_PROBE_BYTES))  # nothing that a file system could leave out
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return error.errno in _FULL
    return False


def free_bytes(path: Path) -> int | None:
    """How much room there is for another file beside this one; None where the system does not say."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def size(count: int) -> str:
    """A number of bytes for people: `12 kB`, `3.4 MB`."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def file_bytes(path: Path) -> int:
    """What a ledger takes on the disk, with its log."""
    return sum(part.stat().st_size for part in (path, path.with_name(f"{path.name}-wal")) if part.exists())
