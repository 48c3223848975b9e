from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml

from atk_interp.formats.readers import Document, Problem, read_file

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def saved(document: Any, path: Path) -> Path:
    document.save(str(path))
    return path


def read(path: Path) -> tuple[list[str], list[str]]:
    found = list(read_file(path, path.parent))
    texts = [str(one.fields["text"]) for one in found if isinstance(one, Document)]
    return texts, [str(one) for one in found if isinstance(one, Problem)]


def append(document: Any, xml: str) -> None:
    document.element.body.insert(0, parse_xml(xml))


def test_headings_paragraphs_lists_and_tables_come_in_their_order(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("The river", 0)
    document.add_heading("Its course", 2)
    document.add_paragraph("It rises\tin the hills.").add_run().add_break()
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("second", style="List Number")
    table = document.add_table(2, 2)
    for index, text in enumerate(("town", "miles", "Harrow\nport", "90")):
        table.cell(index // 2, index % 2).text = text
    document.add_paragraph("It ends.")
    [text], problems = read(saved(document, tmp_path / "a.docx"))
    assert text.split("\n\n") == [
        "# The river",
        "## Its course",
        "It rises\tin the hills.",
        "- first\n- second",
        "town | miles\nHarrow port | 90",
        "It ends.",
    ]
    assert problems == []


def test_a_merged_cell_is_read_once_and_a_table_in_a_cell_with_it(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(1, 0).add_table(1, 2).cell(0, 1).text = "inner"
    table.cell(1, 1).text = "side"
    [text], _ = read(saved(document, tmp_path / "a.docx"))
    assert text == "wide\n| inner | side"


def test_inserted_text_and_content_controls_are_read_and_deleted_text_is_not(tmp_path: Path) -> None:
    document = docx.Document()
    append(
        document,
        f"<w:p {W}><w:r><w:t>One </w:t></w:r><w:ins><w:r><w:t>new </w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>old </w:delText></w:r></w:del>"
        "<w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>",
    )
    append(document, f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>Control</w:t></w:r></w:p></w:sdtContent></w:sdt>")
    assert read(saved(document, tmp_path / "a.docx")) == (["Control\n\nOne new link"], [])


def test_lists_keep_their_levels(tmp_path: Path) -> None:
    document = docx.Document()
    for level, text in ((1, "inner"), (0, "outer")):
        numbering = f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr></w:pPr>'
        append(document, f"<w:p {W}>{numbering}<w:r><w:t>{text}</w:t></w:r></w:p>")
    assert read(saved(document, tmp_path / "a.docx"))[0] == ["- outer\n  - inner"]


def test_footnotes_come_at_the_end(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Text.")
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>rule</w:t></w:r></w:p></w:footnote>'
        '<w:footnote w:id="2"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = Part(PackURI("/word/footnotes.xml"), kind, notes.encode(), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert read(saved(document, tmp_path / "a.docx"))[0] == ["Text.\n\n[2] A note."]


def test_an_empty_document_is_told(tmp_path: Path) -> None:
    assert read(saved(docx.Document(), tmp_path / "a.docx")) == ([], ["a.docx: the file is empty; skipped"])


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    whole = saved(docx.Document(), tmp_path / "whole.docx").read_bytes()
    empty_zip = b"PK\x05\x06" + b"\0" * 18
    for data in (b"no package", whole[: len(whole) // 2], whole.replace(b"word/document", b"word/dokument"), empty_zip):
        path = tmp_path / "a.docx"
        path.write_bytes(data)
        assert read(path) == ([], ["a.docx: the file is damaged or no Word document; skipped"])


def test_an_encrypted_or_old_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 512)
    assert read(path) == ([], ["a.docx: the file is encrypted, or an old `.doc` by another name; skipped"])


def test_a_package_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atk_interp.formats.readers.docx.MOST_BYTES", 8 << 20)
    path = saved(docx.Document(), tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/bomb.xml", b"\0" * (20 << 20))
    assert path.stat().st_size < 1 << 20
    assert read(path) == ([], ["a.docx: the file would unpack to 20 MB, more than 8; skipped"])


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    """A billion laughs in the text of a document: told as damage, and read in no time."""
    path = saved(docx.Document(), tmp_path / "a.docx")
    laughs = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
    body = "<w:body><w:p><w:r><w:t>&l9;</w:t></w:r></w:p></w:body>"
    xml = f'<!DOCTYPE w [<!ENTITY l0 "lol">{laughs}]><w:document {W}>{body}</w:document>'
    bomb = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bomb, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name == "word/document.xml" else old.read(name))
    texts, problems = read(bomb)
    assert texts == []
    assert len(problems) == 1


def test_a_missing_library_is_told_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(docx.Document(), tmp_path / "a.docx")
    monkeypatch.setitem(sys.modules, "docx", None)
    [problem] = read_file(path, tmp_path)
    assert isinstance(problem, Problem)
    assert problem.message == "`.docx` files need python-docx, which is not installed; skipped"
