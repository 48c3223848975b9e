from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from atk_interp.formats.readers import Document, Problem, read_file

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
BOOK = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest>
<item id="two" href="text/chapter%202.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="notes" href="notes.xhtml" media-type="application/xhtml+xml"/>
<item id="style" href="style.css" media-type="text/css"/>
</manifest><spine><itemref idref="one"/><itemref idref="two"/><itemref idref="notes" linear="no"/></spine></package>"""
ONE = "<html><head><title>t</title></head><body><h1>One</h1><p>The river rises.</p></body></html>"
TWO = "<html><body><h1>Two</h1><p>It meets the <b>sea</b>.</p></body></html>"
PARTS = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/content.opf": BOOK,
    "OEBPS/text/one.xhtml": ONE,
    "OEBPS/text/chapter 2.xhtml": TWO,
    "OEBPS/notes.xhtml": "<p>aside</p>",
}


def book(path: Path, **changed: str | None) -> Path:
    """A book, of which some files (by the end of their names) are others, or missing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in PARTS.items():
            key = name.rpartition("/")[2].partition(".")[0].replace(" ", "_")
            given = changed.pop(key, text)
            if given is not None:
                package.writestr(name, given)
        for key, given in changed.items():
            package.writestr(f"META-INF/{key}.xml", given or "")
    return path


def read(path: Path) -> tuple[list[str], list[str]]:
    found = list(read_file(path, path.parent))
    texts = [str(one.fields["text"]) for one in found if isinstance(one, Document)]
    return texts, [str(one) for one in found if isinstance(one, Problem)]


def test_chapters_are_read_in_the_order_of_the_spine(tmp_path: Path) -> None:
    text = "# One\n\nThe river rises.\n\n# Two\n\nIt meets the sea."
    assert read(book(tmp_path / "a.epub")) == ([text], [])


def test_a_chapter_that_is_missing_is_told_and_the_others_kept(tmp_path: Path) -> None:
    texts, problems = read(book(tmp_path / "a.epub", one=None))
    assert texts == ["# Two\n\nIt meets the sea."]
    assert problems == [
        "a.epub, chapter `one.xhtml`: `OEBPS/text/one.xhtml` is missing in the package; skipped",
    ]


def test_a_bomb_in_a_book_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atk_interp.formats.readers.epub._LARGEST_CHAPTER", 1 << 20)
    texts, problems = read(book(tmp_path / "a.epub", one="0" * (5 << 20)))
    assert texts == ["# Two\n\nIt meets the sea."]
    assert "would unpack to more than 1 MB; skipped" in problems[0]


def test_entities_are_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE c [<!ENTITY a "ha"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    for name, text in (("container", CONTAINER), ("content", BOOK)):
        texts, problems = read(book(tmp_path / "a.epub", **{name: text.replace("?>", f"?>{laughs}", 1)}))
        assert texts == []
        assert problems[0].endswith("defines entities; skipped")


def test_a_protected_book_is_told(tmp_path: Path) -> None:
    locked = "".join(
        f'<e:CipherReference URI="{name}"/>' for name in ("OEBPS/text/one.xhtml", "OEBPS/text/chapter%202.xhtml")
    )
    xml = f'<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#">{locked}</encryption>'
    texts, problems = read(book(tmp_path / "a.epub", encryption=xml))
    assert texts == []
    assert problems[-1] == "a.epub: the book is protected against copying; skipped"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"container": None}, "`META-INF/container.xml` is missing in the package"),
        ({"container": "<a>"}, "`META-INF/container.xml` is not valid XML"),
        ({"container": "<a/>"}, "the package does not say where its book is"),
    ],
)
def test_a_book_that_is_none_is_told(tmp_path: Path, changed: dict[str, str | None], told: str) -> None:
    texts, problems = read(book(tmp_path / "a.epub", **changed))
    assert texts == []
    assert problems[0].startswith(f"a.epub: {told}")


def test_bytes_that_are_no_book_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    path.write_bytes(b"no book")
    assert read(path) == ([], ["a.epub: the file is damaged or no EPUB; skipped"])
