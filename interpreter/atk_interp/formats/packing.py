"""Files that are packed one by one (`.jsonl.gz`), unpacked while they are read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import IO, Any, BinaryIO, cast

__all__ = ["PACKED", "UnpackError", "open_unpacked", "suffix_of"]

PACKED = (".gz", ".bz2", ".xz", ".zst")
"""The suffixes of packed files. For `.zst` pyarrow is needed."""

UnpackError = (zlib.error, lzma.LZMAError, EOFError)
"""What reading a damaged packed file raises beside `OSError`."""


_STREAMS = frozenset({".txt", ".md", ".html", ".htm", ".jsonl", ".json", ".csv", ".tsv"})
"""What can be read while it is unpacked. The other formats are packed already, and read from many places at once."""


def suffix_of(path: PurePath) -> str:
    """What tells the format of a file: the suffix in lower case, of a packed text or file of records the one before."""
    suffix = path.suffix.lower()
    inner = PurePath(path.stem).suffix.lower() if suffix in PACKED else ""
    return inner if inner in _STREAMS else suffix


def open_unpacked(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked if its suffix says so. Raises `OSError`."""
    opener = _OPENERS.get(path.suffix.lower())
    return path.open("rb") if opener is None else cast("BinaryIO", opener(path))


def _zstd(path: Path) -> IO[Any]:
    from atk_interp.formats.arrow import pyarrow  # imported late: an extra

    try:
        stream: IO[Any] = pyarrow().input_stream(str(path), compression="zstd")
    except ImportError as error:
        message = "`.zst` files need pyarrow, which is not installed: `pip install 'atk-interp[parquet]'`"
        raise OSError(message) from error
    return io.BufferedReader(cast("io.RawIOBase", stream))


_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _zstd,
}
