"""HTML: the text that a reader of the page sees."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from atk_interp.formats.nesting import is_too_deep
from atk_interp.formats.readers.base import (
    MOST_BYTES,
    Document,
    File,
    Problem,
    decoded_text,
    library_missing,
    text_document,
)
from atk_interp.formats.readers.page import readable
from atk_interp.patterns import pattern

__all__ = ["read"]

_META_CHARSET = pattern(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML_ENCODING = pattern(rb"""\A\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]+)""")
_DECLARED_WITHIN = 4096


def read(file: File) -> Iterator[Document | Problem]:
    """One document. The encoding is the one of the mark, of `<meta charset>`, else as for a text."""
    with file.open() as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        yield file.problem(
            f"the file is larger than {MOST_BYTES >> 20} MB; skipped", help="split it into several files"
        )
        return
    markup, problems = decoded_text(file, data, _declared(data[:_DECLARED_WITHIN]))
    yield from problems
    if markup is None:
        return
    if is_too_deep(markup):
        yield file.problem("the page is nested too deeply; skipped")
        return
    try:
        text = readable(markup)
    except ImportError:
        yield library_missing(file, "selectolax")
        return
    yield text_document(file, text)


def _declared(head: bytes) -> str | None:
    """The encoding that a page names for itself, if Python knows it."""
    match = _META_CHARSET.search(head) or _XML_ENCODING.match(head)
    if match is None:
        return None
    try:
        name = codecs.lookup(match.group(1).decode("ascii")).name
    except LookupError:
        return None
    # Browsers take these two to mean the larger set, and so do the people who write them.
    return "cp1252" if name in ("iso8859-1", "ascii") else name
