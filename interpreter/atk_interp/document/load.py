"""From a file on disk to a `Document`."""

from __future__ import annotations

from pathlib import Path as FilePath

from atk_interp.diagnostics import Sink
from atk_interp.document import model
from atk_interp.document.model import Document
from atk_interp.document.parse import parse_document
from atk_interp.source import SourceFile, Span

__all__ = ["load_document", "read_source"]


def read_source(path: FilePath, sink: Sink, shown: str | None = None) -> SourceFile | None:
    """The text of a file in UTF-8 (a byte-order mark is dropped); None, and a finding, when there is none."""
    name = shown if shown is not None else str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        sink.report(model.UNREADABLE, Span(SourceFile(name, ""), 0, 0), f"`{name}` cannot be read: {reason}")
        return None
    try:
        return SourceFile(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "replace")
        at = len(data[: error.start].decode("utf-8", "replace"))
        sink.report(
            model.NOT_UTF8,
            Span(SourceFile(name, text), at, at + 1),
            "the file is not UTF-8 text",
            notes=[f"byte {error.start} is 0x{data[error.start]:02x}"],
            help="save the file as UTF-8",
        )
        return None


def load_document(path: FilePath, sink: Sink, shown: str | None = None) -> Document | None:
    """The YAML document in a file; None when it cannot be read (the sink says why)."""
    file = read_source(path, sink, shown)
    return None if file is None else parse_document(file, sink)
