from __future__ import annotations

import re
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fpdf import FPDF

from atk_interp.formats.readers import Document, Problem, read_file

WORDS = "the river rises in the hills and runs for ninety miles past two towns until it meets the sea at last "


def new(size: int = 12) -> FPDF:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=size)
    return pdf


def saved(pdf: FPDF, path: Path) -> Path:
    pdf.output(str(path))
    return path


def read(path: Path) -> tuple[list[str], list[str]]:
    found = list(read_file(path, path.parent))
    texts = [str(one.fields["text"]) for one in found if isinstance(one, Document)]
    return texts, [str(one) for one in found if isinstance(one, Problem)]


def test_paragraphs_are_parted_where_the_gap_is_wide(tmp_path: Path) -> None:
    pdf = new()
    for number in range(3):
        pdf.multi_cell(0, 6, f"Paragraph {number}: {WORDS * 3}.")
        pdf.ln(4)
    [text], problems = read(saved(pdf, tmp_path / "a.pdf"))
    assert [re.sub(r"\s+", " ", part) for part in text.split("\n\n")] == [
        f"Paragraph {number}: {WORDS * 3}." for number in range(3)
    ]
    assert problems == []


def test_a_heading_in_other_letters_stands_alone(tmp_path: Path) -> None:
    pdf = new()
    pdf.set_font("Helvetica", size=20)
    pdf.cell(0, 6, "The river", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", size=12)
    pdf.multi_cell(0, 6, WORDS * 4)
    [text], _ = read(saved(pdf, tmp_path / "a.pdf"))
    assert text.startswith("The river\n\nthe river rises")
    assert text.count("\n\n") == 1


def test_an_indented_first_line_begins_a_paragraph(tmp_path: Path) -> None:
    pdf = new()
    pdf.multi_cell(0, 6, f"One {WORDS * 2}.", new_x="LMARGIN", new_y="NEXT")
    pdf.multi_cell(0, 6, f"       Two {WORDS * 2}.")
    [text], _ = read(saved(pdf, tmp_path / "a.pdf"))
    assert [part.split()[0] for part in text.split("\n\n")] == ["One", "Two"]


def test_words_parted_at_the_end_of_a_line_are_mended(tmp_path: Path) -> None:
    pdf = new()
    pdf.multi_cell(0, 6, f"{WORDS * 2}\nand then infor-\nmation about Baden-\nBaden came")
    [text], _ = read(saved(pdf, tmp_path / "a.pdf"))
    assert "information about Baden-Baden came" in text


def test_a_hyphen_stays_in_a_word_that_the_document_spells_so_elsewhere(tmp_path: Path) -> None:
    pdf = new()
    pdf.multi_cell(
        0,
        6,
        f"{WORDS * 2}\nthe Well-\nknown well-known and the re-\nsign, re-sign and resign came and a long-\nterm lease",
    )
    [text], _ = read(saved(pdf, tmp_path / "a.pdf"))
    assert "the Well-known well-known and the resign, re-sign and resign came" in text.replace("\n", " ")
    assert "a longterm lease" in text


def test_a_sentence_that_runs_on_to_the_next_page_stays_one_paragraph(tmp_path: Path) -> None:
    pdf = new()
    pdf.multi_cell(0, 6, "It ran on and")
    pdf.add_page()
    pdf.multi_cell(0, 6, "on for miles.")
    pdf.add_page()
    pdf.multi_cell(0, 6, "Then it ended.")
    [text], _ = read(saved(pdf, tmp_path / "a.pdf"))
    assert text == "It ran on and\non for miles.\n\nThen it ended."


def test_letters_beyond_ascii_are_read(tmp_path: Path) -> None:
    pdf = new()
    pdf.cell(0, 6, "Größe, café, naïve")
    assert read(saved(pdf, tmp_path / "a.pdf")) == (["Größe, café, naïve"], [])


def test_an_encrypted_file_is_told(tmp_path: Path) -> None:
    pdf = new()
    pdf.cell(0, 6, "secret")
    pdf.set_encryption(owner_password="owner", user_password="user")
    path = saved(pdf, tmp_path / "a.pdf")
    assert read(path) == ([], ["a.pdf: the file is encrypted; skipped"])


@pytest.mark.parametrize("data", [b"no pdf at all", b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\0" * 1000])
def test_a_damaged_file_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert read(path) == ([], ["a.pdf: the file is damaged or no PDF; skipped"])


def picture() -> bytes:
    """A grey pixel as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (1).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_scan_is_told_with_what_to_do(tmp_path: Path) -> None:
    pdf = new()
    pdf.image(picture(), w=100)
    [problem] = read_file(saved(pdf, tmp_path / "a.pdf"), tmp_path)
    assert isinstance(problem, Problem)
    assert problem.message == "the pages are pictures without text; skipped"


def test_a_page_that_is_a_picture_is_told_and_the_others_read(tmp_path: Path) -> None:
    pdf = new()
    pdf.cell(0, 6, "One")
    pdf.add_page()
    pdf.image(picture(), w=100)
    pdf.add_page()
    pdf.cell(0, 6, "Three")
    assert read(saved(pdf, tmp_path / "a.pdf")) == (
        ["One\n\nThree"],
        ["a.pdf, page 2: 1 of 3 pages is a picture without text; skipped"],
    )


def test_a_file_without_anything_is_told(tmp_path: Path) -> None:
    assert read(saved(new(), tmp_path / "a.pdf")) == ([], ["a.pdf: there is no text in it; skipped"])


def test_a_damaged_page_is_told_and_the_others_read(tmp_path: Path) -> None:
    pdf = new()
    for name in ("One", "Two", "Three"):
        pdf.cell(0, 6, name)
        if name != "Three":
            pdf.add_page()
    path = saved(pdf, tmp_path / "a.pdf")
    data = path.read_bytes()
    kids = re.search(rb"/Kids \[(\d+) 0 R\s+(\d+) 0 R", data)
    assert kids is not None
    page = re.compile(rb"\n" + kids.group(2) + rb" 0 obj\n<<")
    path.write_bytes(page.sub(lambda found: found.group().replace(b"<<", b"[["), data))
    assert read(path) == (["One\n\nThree"], ["a.pdf, page 2: the page is damaged; skipped"])


def built(contents: list[bytes]) -> bytes:
    """A PDF of one page for each content stream."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(contents), kids),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, content in enumerate(contents):
        fonts = b"/Resources << /Font << /F1 3 0 R >> >>"
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R %b >>"
        objects.append(page % (5 + 2 * number, fonts))
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, b"".join(places))
    return (
        data + table + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))
    )


@pytest.mark.parametrize(
    ("content", "is_told"),
    [
        (b"BT /F1 12 Tf 72 720 Td (Second brok", True),
        (b"q 1 0 0 1 0 0 cm /Gone Do Q", True),
        (b"", False),
        (b"q Q 0.5 w", False),
        (b"BT /F1 12 Tf ET", False),
        (b"BT /F1 12 Tf 72 720 Td ( ) Tj ET", False),
        (b"0 0 100 100 re f", False),
    ],
)
def test_a_page_whose_content_breaks_off_is_told_and_an_empty_one_is_not(
    tmp_path: Path, content: bytes, is_told: bool
) -> None:
    first, third = (b"BT /F1 12 Tf 72 720 Td (%b ok) Tj ET" % name for name in (b"First", b"Third"))
    path = tmp_path / "a.pdf"
    path.write_bytes(built([first, content, third]))
    told = ["a.pdf, page 2: the page is damaged; skipped"] if is_told else []
    assert read(path) == (["First ok\n\nThird ok"], told)


def test_threads_may_read_at_once(tmp_path: Path) -> None:
    paths = []
    for number in range(6):
        pdf = new()
        pdf.multi_cell(0, 6, f"Number {number} {WORDS * 20}")
        paths.append(saved(pdf, tmp_path / f"{number}.pdf"))
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(read, paths * 3))
    assert [texts[0][:8] for texts, _ in results] == [f"Number {number}" for number in range(6)] * 3


def test_a_missing_library_is_told_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    [problem] = read_file(saved(new(), tmp_path / "a.pdf"), tmp_path)
    assert isinstance(problem, Problem)
    assert problem.message == "`.pdf` files need pypdfium2, which is not installed; skipped"
    assert problem.help == "`pip install 'atk-interp[documents]'`"
