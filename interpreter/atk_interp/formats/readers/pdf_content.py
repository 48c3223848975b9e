"""What stands in the content of a page of a PDF, where pdfium finds neither text nor anything else in it.

pdfium stops in silence at what it cannot read, and does not hand out the content. In a copy of the page that it writes
itself everything has one form, though, so that it can be looked at there.
"""

from __future__ import annotations

import io
import re
import zlib
from typing import Any

from atk_interp.patterns import pattern

__all__ = ["says_something"]

_CONTENTS = pattern(rb"/Contents\s*(?:(?P<one>\d+) 0 R|\[(?P<many>[^\]]*)\])")
_NUMBERS = pattern(rb"(\d+) 0 R")
_STREAM = pattern(rb"\A\s*<<(?P<about>.*?)>>\s*stream\r?\n", re.DOTALL)
_LENGTH = pattern(rb"/Length (\d+)")
_SHOWN = pattern(rb"\bBT\b.*?[(<][^)>\s]|/\S+\s+Do\b", re.DOTALL)
_MOST_BYTES = 1 << 20
"""Of a content, unpacked: it is looked at as far as this."""


def says_something(pypdfium2: Any, document: Any, index: int) -> bool:
    """Whether the content of a page shows text or an image, however broken it is."""
    copy = pypdfium2.PdfDocument.new()
    written = io.BytesIO()
    try:
        copy.import_pages(document, [index])
        copy.save(written)
    finally:
        copy.close()
    return _SHOWN.search(_content(written.getvalue())) is not None


def _content(copy: bytes) -> bytes:
    found = _CONTENTS.search(copy)
    if found is None:
        return b""
    numbers = [found["one"]] if found["one"] else _NUMBERS.findall(found["many"])
    return b"\n".join(_stream(copy, number) for number in numbers)


def _stream(copy: bytes, number: bytes) -> bytes:
    """What an object holds that is a stream; nothing where it is packed in another way than pdfium packs."""
    begin = copy.find(b"\n%s 0 obj" % number)
    rest = copy[begin + len(number) + 7 :] if begin >= 0 else b""
    head = _STREAM.match(rest)
    length = _LENGTH.search(head["about"]) if head is not None else None
    if head is None or length is None:
        return b""
    data = rest[head.end() : head.end() + int(length[1])]
    if b"/Filter" not in head["about"]:
        return data[:_MOST_BYTES]
    if b"/FlateDecode" not in head["about"]:
        return b""
    try:
        return zlib.decompressobj().decompress(data, _MOST_BYTES)
    except zlib.error:
        return b""
