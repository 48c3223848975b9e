"""Scanned pages. Where the extra `ocr` is not installed, what is said of it is tested; where it is, what it reads."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF

from atk_interp.formats.readers import Document, Problem, read_file

INSTALLED = importlib.util.find_spec("rapidocr") is not None


def scanned(folder: Path, *lines: tuple[float, float, str]) -> Path:
    """A PDF of one page of letters, and of one that is a picture of it."""
    drawn = FPDF()
    drawn.add_page()
    drawn.set_font("Times", size=14)
    for x, y, text in lines:
        drawn.text(x, y, text)
    with pypdfium2.PdfDocument(bytes(drawn.output())) as document:
        picture = document[0].render(scale=2).to_pil()
    scan = FPDF()
    scan.add_page()
    scan.set_font("Times", size=14)
    scan.text(20, 20, "A page of letters.")
    scan.add_page()
    scan.image(picture, x=0, y=0, w=210)
    scan.output(str(folder / "a.pdf"))
    return folder / "a.pdf"


@pytest.mark.skipif(INSTALLED, reason="the extra `ocr` is installed")
def test_a_page_that_is_a_picture_is_told_with_what_reads_it(tmp_path: Path) -> None:
    found = list(read_file(scanned(tmp_path, (20, 40, "Nobody reads this.")), tmp_path))
    [problem] = [one for one in found if isinstance(one, Problem)]
    assert str(problem) == "a.pdf, page 2: 1 of 2 pages is a picture without text; skipped"
    assert problem.help == "`pip install 'atk-interp[ocr]'` reads pictures of pages"
    assert [one.fields["text"] for one in found if isinstance(one, Document)] == ["A page of letters."]


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="the extra `ocr` is not installed")
def test_a_page_that_is_a_picture_is_read(tmp_path: Path) -> None:
    lines = [(20, 40 + 7 * at, text) for at, text in enumerate(("The river rises in the hills", "and meets the sea."))]
    [found] = list(read_file(scanned(tmp_path, *lines, (20, 90, "Another paragraph.")), tmp_path))
    assert isinstance(found, Document)
    assert found.fields["text"] == (
        "A page of letters.\n\nThe river rises in the hills\nand meets the sea.\n\nAnother paragraph."
    )
