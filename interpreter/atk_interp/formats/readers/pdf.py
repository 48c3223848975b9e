"""PDF: the text of each page in reading order, with its paragraphs. The only door to pypdfium2.

A PDF knows glyphs and places, no paragraphs. pdfium gives the lines; a paragraph is taken to begin where the gap
between two baselines is wider than usual on the page, where the letters change size, or where one line alone is
indented. A hyphen at the end of a line goes when the word continues in lower case. Headers and footers stay.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import Lock
from typing import Any

from atk_interp.formats.readers.base import Document, File, Problem, library_missing
from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["read"]

_pdfium = Lock()
"""pdfium must not run in two threads at once, whatever the documents."""

_PARAGRAPH_GAP = 1.3
"""A paragraph begins below a gap of this many usual gaps."""

_USUAL_GAP = 1.25
"""The gap between lines, in heights of a letter, where a page has too few lines to tell."""

_SIZE_CHANGE = 0.15
_INDENT = (0.6, 6.0)
"""Between how many heights of a letter a first line is indented."""

_LINE_END_HYPHEN = "\x02"
"""What pdfium puts where it joined two parts of a word that a hyphen parted at the end of a line."""

_HYPHEN_IN_WORD = pattern(r"\x02(?=[^\W\d_])")
_OPEN_END = pattern(r"[\w,;\u00ad-]\Z")
_SENTENCE_ENDS = tuple('.!?:…。！？।؟"”»)')


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: where its first letter stands (in points, y upwards) and how high it is.

    `last_y` is the height of the last letter: another one where a hyphen was mended.
    """

    text: str
    x: float
    y: float
    height: float
    last_y: float


@dataclass(frozen=True, slots=True)
class _Page:
    """`unmapped` glyphs have no letter; `is_picture`: there are images and no text."""

    text: str
    unmapped: int
    is_picture: bool


def read(file: File) -> Iterator[Document | Problem]:
    """One document, its pages parted by blank lines. A page that cannot be read is reported and left out."""
    try:
        import pypdfium2
    except ImportError:
        yield library_missing(file, "pypdfium2")
        return
    pages: list[str] = []
    pictures: list[int] = []
    unmapped = 0
    try:
        with _opened(pypdfium2, file) as document:
            for number in range(1, len(document) + 1):
                try:
                    with _pdfium:
                        page = _page(pypdfium2, document, number - 1)
                except pypdfium2.PdfiumError:
                    yield file.problem("the page is damaged; skipped", f"page {number}")
                    continue
                pages.append(page.text)
                unmapped += page.unmapped
                if page.is_picture:
                    pictures.append(number)
    except pypdfium2.PdfiumError as error:
        yield _unreadable(file, str(error))
        return
    yield from _outcome(file, pages, pictures, unmapped)


def _outcome(file: File, pages: list[str], pictures: list[int], unmapped: int) -> Iterator[Document | Problem]:
    text = _joined(pages)
    ocr = "make its text readable with OCR first, for example with `ocrmypdf`"
    if not text.strip():
        reason = "the pages are pictures without text" if pictures else "there is no text in it"
        yield file.problem(f"{reason}; skipped", help=ocr if pictures else None)
        return
    if pictures:
        count = (
            f"1 of {len(pages)} pages is a picture"
            if len(pictures) == 1
            else f"{len(pictures)} of {len(pages)} pages are pictures"
        )
        yield file.problem(f"{count} without text; skipped", f"page {pictures[0]}", ocr)
    if unmapped:
        glyphs = "1 glyph stands" if unmapped == 1 else f"{unmapped} glyphs stand"
        yield file.problem(f"{glyphs} for no letter that the file names; each became U+FFFD", help=ocr)
    yield Document(file.source, {"text": text})


@contextmanager
def _opened(pypdfium2: Any, file: File) -> Iterator[Any]:
    with file.path.open("rb"):
        pass  # a file that cannot be opened is an OSError, not a damaged PDF
    with _pdfium:
        document = pypdfium2.PdfDocument(file.path)
    try:
        yield document
    finally:
        with _pdfium:
            document.close()


def _unreadable(file: File, reason: str) -> Problem:
    if "password" in reason.lower():
        return file.problem("the file is encrypted; skipped", help="save a copy without a password")
    if file.path.stat().st_size == 0:
        return file.problem("the file is empty; skipped")
    return file.problem("the file is damaged or no PDF; skipped", help="open it in a viewer and print it to a new PDF")


def _page(pypdfium2: Any, document: Any, index: int) -> _Page:
    page = document[index]
    try:
        letters = page.get_textpage()
        try:
            lines, unmapped = _lines(pypdfium2.raw, letters)
        finally:
            letters.close()
        text = _paragraphs(lines)
        is_picture = not text.strip() and any(True for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
        return _Page(text, unmapped, is_picture)
    finally:
        page.close()


def _lines(raw: Any, letters: Any) -> tuple[list[_Line], int]:
    """The lines of a page, and how many glyphs have no letter."""
    lines: list[_Line] = []
    unmapped = 0
    line: list[tuple[int, str]] = []  # the letters of the line, with their index
    count = letters.count_chars()
    for index in range(count):
        letter = chr(raw.FPDFText_GetUnicode(letters, index))
        if raw.FPDFText_HasUnicodeMapError(letters, index) == 1 or letter == "\0":
            letter = "\ufffd"
            unmapped += 1
        line.append((index, letter))
        if letter == "\n" or index == count - 1:
            lines.extend(_line(raw, letters, line))
            line = []
    return lines, unmapped


def _line(raw: Any, letters: Any, line: list[tuple[int, str]]) -> Iterator[_Line]:
    seen = [index for index, letter in line if not letter.isspace() and letter != _LINE_END_HYPHEN]
    if seen:
        x, y, height = _place(raw, letters, seen[0])
        _, last_y, _ = _place(raw, letters, seen[-1])
        yield _Line(_whole("".join(letter for _, letter in line)), x, y, height, last_y)


def _place(raw: Any, letters: Any, index: int) -> tuple[float, float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(letters, index, x, y)
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(letters, index, box)
    return x.value, y.value, abs(box.top - box.bottom)


def _whole(text: str) -> str:
    """A line with its surrogate pairs put together and its hyphens mended."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    mended = _HYPHEN_IN_WORD.sub(lambda hyphen: "" if whole[hyphen.end()].islower() else "-", whole)
    return mended.replace(_LINE_END_HYPHEN, "-").strip()


def _paragraphs(lines: list[_Line]) -> str:
    """The lines of a page with a blank line before each paragraph."""
    usual = _usual_gap(lines)
    parts: list[str] = []
    for index, line in enumerate(lines):
        if index:
            parts.append("\n\n" if _begins_paragraph(lines, index, usual) else "\n")
        parts.append(line.text)
    return "".join(parts)


def _usual_gap(lines: list[_Line]) -> float:
    """The lower quartile of the gaps: gaps between paragraphs are wider, never narrower."""
    gaps = sorted(gap for above, below in pairwise(lines) if (gap := above.last_y - below.y) > below.height / 2)
    if len(gaps) >= 4:
        return gaps[len(gaps) // 4]
    heights = sorted(line.height for line in lines)
    return heights[len(heights) // 2] * _USUAL_GAP if heights else 0.0


def _begins_paragraph(lines: list[_Line], index: int, usual: float) -> bool:
    above, line = lines[index - 1], lines[index]
    gap = above.last_y - line.y
    if gap < -line.height / 2:  # the next column
        return above.text.endswith(_SENTENCE_ENDS)
    if gap < line.height / 2:  # beside each other, as in a table
        return False
    if gap > _PARAGRAPH_GAP * usual:
        return True
    if abs(above.height - line.height) > _SIZE_CHANGE * max(above.height, line.height):
        return True
    return index + 1 < len(lines) and _is_indented(above, line, lines[index + 1])


def _is_indented(above: _Line, line: _Line, below: _Line) -> bool:
    least, most = (limit * line.height for limit in _INDENT)
    lone = abs(above.x - below.x) < least
    return lone and least < line.x - below.x < most and above.text.endswith(_SENTENCE_ENDS)


def _joined(pages: list[str]) -> str:
    """Pages parted by a blank line, unless a sentence runs on from one to the next."""
    parts: list[str] = []
    for page in filter(None, pages):
        if parts:
            runs_on = page[0].islower() and _OPEN_END.search(parts[-1])
            parts.append("\n" if runs_on else "\n\n")
        parts.append(page)
    return "".join(parts)
