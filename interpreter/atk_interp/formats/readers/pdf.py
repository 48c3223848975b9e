"""PDF: the text of each page in reading order, with its paragraphs. The only door to pypdfium2.

A PDF knows glyphs and places, no paragraphs. pdfium gives the lines; a paragraph is taken to begin where the gap
between two baselines is wider than usual on the page, where the letters change size, or where one line alone is
indented. A hyphen at the end of a line goes when the word continues in lower case, and the document does not spell it
with a hyphen elsewhere. Columns are read one after the
other, and the cells of a table row parted by ` | ` (see `pdf_layout`). A page that is a picture is read with OCR where
that is installed. Headers and footers stay, unless told.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from atk_interp.formats.readers.base import Document, File, Problem, library_missing
from atk_interp.formats.readers.ocr import DOTS_PER_POINT, is_installed, lines_of
from atk_interp.formats.readers.pdf_content import says_something
from atk_interp.formats.readers.pdf_layout import (
    LINE_END_HYPHEN,
    Line,
    Segment,
    compounds,
    joined_pages,
    laid_out,
    paragraphs,
    without_running_heads,
)
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.values import Value

__all__ = ["read"]

_pdfium = Lock()
"""pdfium must not run in two threads at once, whatever the documents."""

_SOFT_HYPHEN = pattern("\u00ad(?!\\Z)")
"""One that does not stand at the end of a line is not seen, and no letter."""

_REMAKE = "make its text readable with OCR first, for example with `ocrmypdf`"

_WIDE_GAP = 1.0
"""What parts a line into segments, in heights of a letter."""


@dataclass(frozen=True, slots=True)
class _Page:
    """`unmapped` glyphs have no letter; `is_picture`: there are images and no text; `is_broken`: there is nothing, and
    its content says that there were something."""

    lines: list[Line]
    unmapped: int
    is_picture: bool
    is_broken: bool


def read(file: File) -> Iterator[Document | Problem]:
    """One document, its pages parted by blank lines. A page that cannot be read is reported and left out."""
    try:
        import pypdfium2
    except ImportError:
        yield library_missing(file, "pypdfium2")
        return
    pages: list[list[Line]] = []
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
                if page.is_broken:
                    yield file.problem("the page is damaged; skipped", f"page {number}")
                    continue
                unmapped += page.unmapped
                lines = page.lines
                if page.is_picture and not (lines := _recognised(document, number - 1)):
                    pictures.append(number)
                pages.append(lines)
    except pypdfium2.PdfiumError as error:
        yield _unreadable(file, str(error))
        return
    yield from _outcome(file, pages, pictures, unmapped)


def _outcome(file: File, pages: list[list[Line]], pictures: list[int], unmapped: int) -> Iterator[Document | Problem]:
    kept = without_running_heads(pages) if file.drop_running_heads else pages
    spelt = compounds(kept)
    text, starts = joined_pages([paragraphs(page, spelt) for page in kept])
    ocr = None if is_installed() else "`pip install 'atk-interp[ocr]'` reads pictures of pages"
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
        yield file.problem(f"{glyphs} for no letter that the file names; each became U+FFFD", help=_REMAKE)
    fields: dict[str, Value] = {"text": text}
    if "pages" in file.required or "pages" in file.types:
        fields["pages"] = [*starts]
    yield Document(file.source, fields)


def _recognised(document: Any, index: int) -> list[Line]:
    """The lines of a page that is a picture; none when there is no text, or nothing that can read it."""
    if not is_installed():
        return []
    with _pdfium:
        page = document[index]
        try:
            picture = page.render(scale=DOTS_PER_POINT).to_numpy()
        finally:
            page.close()
    return laid_out(lines_of(picture))


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
        is_picture = not lines and any(True for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
        is_empty = not lines and not any(True for _ in page.get_objects())
        return _Page(
            laid_out(lines), unmapped, is_picture, is_broken=is_empty and says_something(pypdfium2, document, index)
        )
    finally:
        page.close()


def _lines(raw: Any, letters: Any) -> tuple[list[Line], int]:
    """The lines of a page, and how many glyphs have no letter."""
    lines: list[Line] = []
    unmapped = 0
    line: list[tuple[int, str]] = []  # the letters of the line, with their index
    count = letters.count_chars()
    for index in range(count):
        letter = chr(raw.FPDFText_GetUnicode(letters, index))
        if raw.FPDFText_HasUnicodeMapError(letters, index) == 1 or letter == "\0":
            letter = "\ufffd"
            unmapped += 1
        line.append((index, letter))
        if letter == "\n" or index == count - 1 or (letter == LINE_END_HYPHEN and _is_below(raw, letters, index)):
            lines.extend(_line(raw, letters, line))
            line = []
    return lines, unmapped


def _line(raw: Any, letters: Any, line: list[tuple[int, str]]) -> Iterator[Line]:
    seen = [index for index, letter in line if not letter.isspace() and letter != LINE_END_HYPHEN]
    if seen:
        x, y, height = _place(raw, letters, seen[0])
        _, last_y, _ = _place(raw, letters, seen[-1])
        text = _whole("".join(letter for _, letter in line))
        yield Line(text, x, y, height, last_y, tuple(_segments(raw, letters, line, height)))


def _segments(raw: Any, letters: Any, line: list[tuple[int, str]], height: float) -> Iterator[Segment]:
    """The parts of a line. Only where there is space can a gap be wide."""
    part: list[str] = []
    left = right = 0.0
    gap = False
    first = True
    for at, (index, letter) in enumerate(line):
        if letter.isspace() or letter == LINE_END_HYPHEN:
            part.append(letter)
            gap = gap or letter.isspace()
            continue
        is_last = at + 1 == len(line) or line[at + 1][1].isspace()
        if first or gap or is_last:
            box = _box(raw, letters, index)
            if first:
                left, first = box.left, False
            elif gap and box.left - right > _WIDE_GAP * height:
                yield Segment(_whole("".join(part)), left, right)
                part, left, right = [], box.left, box.right
            right = max(right, box.right)
            gap = False
        part.append(letter)
    if not first:
        yield Segment(_whole("".join(part)), left, right)


def _box(raw: Any, letters: Any, index: int) -> Any:
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(letters, index, box)
    return box


def _place(raw: Any, letters: Any, index: int) -> tuple[float, float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(letters, index, x, y)
    box = _box(raw, letters, index)
    return x.value, y.value, abs(box.top - box.bottom)


def _is_below(raw: Any, letters: Any, index: int) -> bool:
    """Whether the next letter stands on another line."""
    _, y, height = _place(raw, letters, index)
    _, next_y, _ = _place(raw, letters, index + 1)
    return abs(y - next_y) > height / 2


def _whole(text: str) -> str:
    """A text with its surrogate pairs put together, and without what is no letter."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    end = LINE_END_HYPHEN if whole.endswith(LINE_END_HYPHEN) else ""
    inner = _SOFT_HYPHEN.sub("", whole.removesuffix(LINE_END_HYPHEN).strip()).replace(LINE_END_HYPHEN, "-")
    return inner + end
