"""Pages as programs draw them, read back: what was written must come out in the order in which people read it."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF

from atk_interp.formats.readers import Document, Problem, read_file
from atk_interp.formats.readers.base import File
from atk_interp.formats.readers.pdf import read as read_pdf

LEFT = [
    "Rivers begin as springs in the hills,",
    "or where the snow melts. The water",
    "seeks the lowest place and cuts a val-",
    "ley that grows with every year. It",
    "carries sand and stones to the plain.",
    "There it slows, and lets them fall.",
]
RIGHT = [
    "A delta is made of what a river has",
    "brought. Its arms shift with each",
    "flood. Farmers have always come for",
    "the soil, and built dams to keep the",
    "water where they want it to be, un-",
    "til the next flood came over them.",
]


def page() -> FPDF:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=11)
    return pdf


def texts(pdf: FPDF, path: Path) -> list[str]:
    pdf.output(str(path))
    found = list(read_file(path, path.parent))
    assert [one for one in found if isinstance(one, Problem)] == []
    return [str(one.fields["text"]) for one in found if isinstance(one, Document)]


def in_columns(pdf: FPDF, line_by_line: bool) -> None:
    lines = [(20, 40 + 5 * at, text) for at, text in enumerate(LEFT)]
    lines += [(115, 40 + 5 * at, text) for at, text in enumerate(RIGHT)]
    for x, y, text in sorted(lines, key=lambda line: (line[1], line[0]) if line_by_line else (line[0], line[1])):
        pdf.text(x, y, text)


COLUMNS = (
    "Rivers begin as springs in the hills,\nor where the snow melts. The water\nseeks the lowest place and cuts a "
    "valley that grows with every year. It\ncarries sand and stones to the plain.\nThere it slows, and lets them fall."
    "\n\nA delta is made of what a river has\nbrought. Its arms shift with each\nflood. Farmers have always come for\n"
    "the soil, and built dams to keep the\nwater where they want it to be, until the next flood came over them."
)


def test_columns_are_read_one_after_the_other_however_they_were_drawn(tmp_path: Path) -> None:
    for line_by_line in (False, True):
        pdf = page()
        in_columns(pdf, line_by_line)
        assert texts(pdf, tmp_path / "a.pdf") == [COLUMNS]


def test_what_stands_across_columns_stays_before_and_after_them(tmp_path: Path) -> None:
    pdf = page()
    pdf.set_font("Times", "B", size=16)
    pdf.text(20, 28, "Of rivers and their ends, with a title that goes across the page")
    pdf.set_font("Times", size=11)
    in_columns(pdf, line_by_line=True)
    pdf.text(20, 90, "This line stands below both columns and goes from the left to the right of the page.")
    assert texts(pdf, tmp_path / "a.pdf") == [
        "Of rivers and their ends, with a title that goes across the page\n\n"
        + COLUMNS
        + "\n\nThis line stands below both columns and goes from the left to the right of the page."
    ]


def test_one_column_may_be_longer(tmp_path: Path) -> None:
    pdf = page()
    for at, text in enumerate(LEFT):
        pdf.text(20, 40 + 5 * at, text)
        if at < 4:
            pdf.text(115, 40 + 5 * at, RIGHT[at])
    [text] = texts(pdf, tmp_path / "a.pdf")
    assert text.index("There it slows") < text.index("A delta is made")


def test_the_rows_of_a_table_stay_rows(tmp_path: Path) -> None:
    pdf = page()
    pdf.multi_cell(0, 6, "The longest rivers are these.", new_x="LMARGIN", new_y="NEXT")
    with pdf.table(width=150) as table:
        for row in (
            ("River", "Length", "Ends in"),
            ("Nile", "6650 km", "the sea"),
            ("Okavango", "1600 km", "a desert"),
        ):
            cells = table.row()
            for cell in row:
                cells.cell(cell)
    pdf.ln(10)
    pdf.multi_cell(0, 6, "Others are shorter.")
    expected = (
        "The longest rivers are these.\n\nRiver | Length | Ends in\nNile | 6650 km | the sea\n"
        "Okavango | 1600 km | a desert\n\nOthers are shorter."
    )
    assert texts(pdf, tmp_path / "a.pdf") == [expected]


def test_a_soft_hyphen_at_the_end_of_a_line_is_mended(tmp_path: Path) -> None:
    pdf = page()
    pdf.text(20, 40, "The name of infor\u00ad")
    pdf.text(20, 45, "mation goes on here.")
    assert texts(pdf, tmp_path / "a.pdf") == ["The name of information goes on here."]


def test_justified_text_is_no_table(tmp_path: Path) -> None:
    pdf = page()
    pdf.multi_cell(60, 5, " ".join(LEFT + RIGHT).replace("- ", ""), align="J")
    [text] = texts(pdf, tmp_path / "a.pdf")
    assert "|" not in text
    assert " ".join(text.split()) == " ".join(LEFT + RIGHT).replace("- ", "")


def book(path: Path) -> Path:
    pdf = FPDF()
    pdf.set_font("Times", size=11)
    for number in range(1, 5):
        pdf.add_page()
        pdf.text(20, 15, "On rivers")
        pdf.text(20, 40, f"What page {'abcd'[number - 1]} says.")
        pdf.text(100, 280, f"- {number} -")
    pdf.output(str(path))
    return path


def test_running_heads_are_left_out_only_if_asked(tmp_path: Path) -> None:
    path = book(tmp_path / "a.pdf")
    [kept] = read_pdf(File(path, "a.pdf"))
    [dropped] = read_pdf(File(path, "a.pdf", drop_running_heads=True))
    assert isinstance(kept, Document)
    assert isinstance(dropped, Document)
    assert str(kept.fields["text"]).count("On rivers") == 4
    assert dropped.fields["text"] == "\n\n".join(f"What page {letter} says." for letter in "abcd")


def test_the_places_of_pages_are_given_if_asked(tmp_path: Path) -> None:
    path = book(tmp_path / "a.pdf")
    [found] = read_file(path, tmp_path, ("text", "pages"))
    assert isinstance(found, Document)
    text, starts = str(found.fields["text"]), found.fields["pages"]
    assert isinstance(starts, list)
    assert [text[int(str(start)) :].partition("\n")[0] for start in starts] == ["On rivers"] * 4
