"""Putting a finished file in its place, whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

__all__ = ["AtomicFile", "CannotWrite", "DiskFull", "writer_to"]

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
}
_OPEN_FILES = ("/dev/std", "/dev/fd/", "/proc/")
_TOO_LARGE = {errno.EFBIG: "the file is too large"}


class CannotWrite(Exception):
    """A file that could not be written, in one sentence. `help` says what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class DiskFull(CannotWrite):
    """There is no room for a file now; there may be later."""


@contextmanager
def writer_to(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Write what the user has named: a file whole or not at all, and into what is none (a pipe, a device) as it comes.

    Raises `CannotWrite`.
    """
    if not _takes_bytes_as_they_come(path):
        with AtomicFile(path) as file:
            yield file.write
        return
    try:
        with path.open("ab") as stream:  # after what is there, as in `>> file`
            yield stream.write
    except OSError as error:
        raise CannotWrite(f"`{path}` cannot be written: {error.strerror or error}") from error


def _takes_bytes_as_they_come(path: Path) -> bool:
    """Also what stands for an open file, as `/dev/stdout` does: to replace that would leave who has it open without."""
    is_other = path.exists() and not (path.is_file() or path.is_dir())
    return is_other or os.path.abspath(path).startswith(_OPEN_FILES)


class AtomicFile:
    """A file that appears under its name only when all of it is safely on disk.

        with AtomicFile(path) as file:
            file.write(b"...")

    Until the block ends the bytes stand in a hidden file beside `path`, and what was at `path` before is untouched;
    after an exception in the block it stays, and the hidden file goes. Folders on the way are made. A link is kept,
    and the file that it leads to replaced; the new file has the permissions of the old one. `size` is how many bytes
    are to come, as far as it is known: for the words of a full disk. Raises `CannotWrite` when the disk refuses.
    """

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        self._size = size
        self._target = Path(os.path.realpath(path))
        self._temporary = self._target.with_name(f".{self._target.name}.{secrets.token_hex(6)}.partial")
        self._stream: BinaryIO | None = None

    def __enter__(self) -> AtomicFile:
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._temporary.open("xb")
        except OSError as error:
            raise self._refused(error) from error
        return self

    def write(self, data: bytes) -> None:
        """Add bytes at the end. Only inside the block."""
        try:
            self._open_stream.write(data)
        except OSError as error:
            raise self._refused(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._publish()
        except OSError as refusal:
            raise self._refused(refusal) from refusal
        finally:
            self._clean_up()

    @property
    def _open_stream(self) -> BinaryIO:
        if self._stream is None or self._stream.closed:
            raise ValueError(f"`{self.path}` is not open for writing")
        return self._stream

    def _publish(self) -> None:
        stream = self._open_stream
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        with suppress(FileNotFoundError):
            self._temporary.chmod(stat.S_IMODE(self._target.stat().st_mode))
        self._temporary.replace(self._target)
        _sync_folder(self._target.parent)

    def _clean_up(self) -> None:
        """Close and remove what is left; a full disk makes closing fail too, which has been told by then."""
        try:
            if self._stream is not None:
                self._stream.close()
        except OSError:
            pass
        finally:
            self._temporary.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> CannotWrite:
        number = error.errno or 0
        told = f"`{self.path}` cannot be written"
        if number in _FULL:
            needed = f"; it takes {max(1, self._size // 1000):,} kB" if self._size else ""
            help = "make room or name another folder, then run the same command again"
            return DiskFull(f"{told}: {_FULL[number]}{needed}", help)
        if number in _TOO_LARGE:
            help = "name another folder, then run the same command again"
            return CannotWrite(f"{told}: {_TOO_LARGE[number]}", help)
        return CannotWrite(f"{told}: {error.strerror or error}")


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a loss of power; not every system lets a folder be opened for it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
