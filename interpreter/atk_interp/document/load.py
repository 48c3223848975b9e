"""From a file on disk to a `Document`."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

from atk_interp.diagnostics import Sink
from atk_interp.document.codes import NOT_UTF8, TOO_LARGE, UNREADABLE
from atk_interp.document.files import DISK, Files, NotAFile
from atk_interp.document.model import Document
from atk_interp.document.parse import parse_document
from atk_interp.source import SourceFile, Span

__all__ = ["is_utf16", "load_document", "read_source", "shown"]

_MAX_BYTES = 2_000_000


def shown(path: FilePath) -> str:
    """A path as people are shown it: relative to the working folder when it lies inside."""
    try:
        return path.resolve().relative_to(FilePath.cwd()).as_posix()
    except (ValueError, OSError):
        return os.path.normpath(path)


def read_source(path: FilePath, sink: Sink, name: str | None = None, files: Files = DISK) -> SourceFile | None:
    """The text of a file in UTF-8 (a byte-order mark is dropped); None, and a finding, when there is none."""
    name = name if name is not None else shown(path)
    try:
        data = files.read(path, _MAX_BYTES + 1)  # no more, whatever the size: it may be a disk image
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it cannot be opened").lower()
        help_ = "save the text in a file, or lint it with `lint - --stdin-filename PATH`"
        sink.report(
            UNREADABLE,
            Span(SourceFile(name, ""), 0, 0),
            f"`{name}` cannot be read: {reason}",
            help=help_ if isinstance(error, NotAFile) else None,
        )
        return None
    if len(data) > _MAX_BYTES:
        told = f"the file has more than {_MAX_BYTES:,} bytes"
        sink.report(TOO_LARGE, Span(SourceFile(name, ""), 0, 0), told, help="keep data in files of its own, for `read`")
        return None
    if is_utf16(data):
        sink.report(NOT_UTF8, Span(SourceFile(name, ""), 0, 0), "this is UTF-16", help="save it as UTF-8")
        return None
    try:
        return SourceFile(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        _report_encoding(error, data, name, sink)
        return None


def is_utf16(data: bytes) -> bool:
    """Whether bytes are text in UTF-16: by the mark before it, or as nearly every other byte is zero."""
    start = data[:1000]
    halves = (start[::2], start[1::2])
    return start.startswith((b"\xff\xfe", b"\xfe\xff")) or any(
        len(start) > 3 and half.count(0) > 0.8 * len(half) and other.count(0) == 0
        for half, other in (halves, halves[::-1])
    )


def _report_encoding(error: UnicodeDecodeError, data: bytes, name: str, sink: Sink) -> None:
    bom = len(data) - len(data.removeprefix(b"\xef\xbb\xbf"))
    start = error.start + bom if error.object != data else error.start
    file = SourceFile(name, data[bom:].decode("utf-8", "replace"))
    at = len(data[bom:start].decode("utf-8", "replace"))
    if b"\0" in data[:1000]:
        sink.report(NOT_UTF8, Span(file, at, at), "the file is not text", help="name a spec or a config")
        return
    told = f"byte {start} (0x{data[start]:02x}) is not UTF-8"
    sink.report(NOT_UTF8, Span(file, at, at + 1), told, help="save the file as UTF-8")


def load_document(path: FilePath, sink: Sink, files: Files = DISK) -> Document | None:
    """The YAML document in a file; None when it cannot be read (the sink says why)."""
    file = read_source(path, sink, files=files)
    return None if file is None else parse_document(file, sink)
