"""One run at a time in an output folder."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from atk_interp.runtime.endpoints import CannotRun

__all__ = ["locked", "take"]

_NAME = ".atk-lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for writing; the system lets go when the process ends, however it ends.

    Raises `CannotRun`, naming who holds it, when another run does.
    """
    path = folder / _NAME
    try:
        stream = path.open("a+b", buffering=0)
    except OSError as error:
        raise CannotRun(f"`{folder}` cannot be written to: {(error.strerror or str(error)).lower()}") from error
    with stream:
        if not take(stream):
            stream.seek(0)
            holder = stream.read().decode("utf-8", "replace").strip() or "another run"
            raise CannotRun(
                f"`{folder}` is in use by {holder}", help="wait for it to end, or choose another `output_dir`"
            )
        with contextlib.suppress(OSError):  # a full disk: the lock holds, and only who holds it is not written
            stream.truncate(0)
            stream.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        yield


def take(stream: IO[bytes]) -> bool:
    """Hold an open file until it is closed, or the process ends; false when another process does."""
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
