"""One run at a time in an output folder."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from atk_interp.runtime.endpoints import CannotRun

__all__ = ["locked"]

_NAME = ".atk-lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for writing; the system lets go when the process ends, however it ends.

    Raises `CannotRun`, naming who holds it, when another run does.
    """
    path = folder / _NAME
    try:
        stream = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"`{folder}` cannot be written to: {(error.strerror or str(error)).lower()}") from error
    with stream:
        if not _take(stream):
            stream.seek(0)
            holder = stream.read().strip() or "another run"
            raise CannotRun(
                f"`{folder}` is in use by {holder}", help="wait for it to end, or choose another `output_dir`"
            )
        stream.seek(0)
        stream.truncate()
        stream.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        stream.flush()
        yield


def _take(stream: IO[str]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
        else:
            import fcntl

            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
