"""Makes the PDF and Word files among the example documents from the texts in `sources`.

    python examples/build_documents.py

Needs `fpdf2` and `python-docx`. The same texts give the same bytes: all dates are fixed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from fpdf import FPDF

FOLDER = Path(__file__).parent
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """The headings (level 1 or 2) and paragraphs (level 0) of a text, each on one line."""
    for block in text.strip().split("\n\n"):
        marks = len(block) - len(block.lstrip("#"))
        yield marks, " ".join(block[marks:].split())


def as_pdf(text: str) -> bytes:
    """A4 pages with a running head and page numbers, as printed matter has them."""
    title = next(words for _, words in blocks(text))
    pdf = _Pages(title)
    pdf.set_creation_date(WRITTEN)
    pdf.set_title(title)
    pdf.add_page()
    for level, words in blocks(text):
        pdf.set_font("Times", "B" if level else "", {0: 11, 1: 20, 2: 14}[level])
        pdf.multi_cell(0, 6 if level == 0 else 10, words, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)
    return bytes(pdf.output())


class _Pages(FPDF):
    def __init__(self, running_head: str) -> None:
        super().__init__(format="A4")
        self._running_head = running_head
        self.set_margins(25, 20)

    def header(self) -> None:
        if self.page_no() > 1:
            self.set_font("Times", "I", 9)
            self.cell(0, 8, self._running_head, align="C", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Times", "", 9)
        self.cell(0, 8, str(self.page_no()), align="C")


def as_docx(text: str) -> bytes:
    document = Document()
    for level, words in blocks(text):
        if level:
            document.add_heading(words, level)
        else:
            document.add_paragraph(words)
    properties = document.core_properties
    properties.author, properties.title = "", next(words for _, words in blocks(text))
    properties.created = properties.modified = WRITTEN.replace(tzinfo=None)
    written = io.BytesIO()
    document.save(written)
    return _with_fixed_dates(written.getvalue())


def _with_fixed_dates(archive: bytes) -> bytes:
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            target.writestr(zipfile.ZipInfo(name, WRITTEN.timetuple()[:6]), source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def main() -> None:
    for name, suffix, make in (
        ("lighthouse_keeping", ".pdf", as_pdf),
        ("soil", ".docx", as_docx),
        ("water_mill", ".docx", as_docx),
    ):
        text = (FOLDER / "sources" / f"{name}.txt").read_text(encoding="utf-8")
        path = FOLDER / "documents" / f"{name}{suffix}"
        path.write_bytes(make(text))
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
