"""A disk of a few megabytes for a process: a file system in memory that it alone sees."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["no_small_disk", "on_a_small_disk"]

_MOUNT = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'


@functools.lru_cache(maxsize=1)
def _prefix() -> list[str] | None:
    """How a process gets a view of its own on the file systems here, as root or without; None when it cannot."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return None
    for options in (["--mount"], ["--mount", "--map-root-user"]):
        command = ["unshare", *options, "sh", "-c", _MOUNT, "sh", "1m", "/tmp", "true"]
        if subprocess.run(command, capture_output=True).returncode == 0:
            return ["unshare", *options]
    return None


def no_small_disk() -> str:
    """Why there can be no small disk here; empty when there can."""
    return "" if _prefix() else "no file system of a process's own can be mounted here (`unshare --mount`)"


def on_a_small_disk(folder: Path, size: str, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python script that sees an empty disk of this size at the folder."""
    prefix = _prefix()
    assert prefix is not None
    python = [sys.executable, "-c", script, *arguments]
    command = [*prefix, "sh", "-c", _MOUNT, "sh", size, str(folder), *python]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)
