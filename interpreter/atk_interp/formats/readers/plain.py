"""Text and Markdown: the file as it stands, whatever its encoding."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.formats.readers.base import MOST_BYTES, Document, File, Problem, decoded_text, text_document

__all__ = ["read"]


def read(file: File) -> Iterator[Document | Problem]:
    """One document; line ends become `\\n`, nothing else is touched."""
    with file.path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        yield file.problem(
            f"the file is larger than {MOST_BYTES >> 20} MB; skipped", help="split it into several files"
        )
        return
    text, problems = decoded_text(file, data)
    yield from problems
    if text is not None:
        yield text_document(file, text)
