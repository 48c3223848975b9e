"""Word documents: paragraphs, lists and tables in their order, then the footnotes. The only door to python-docx.

python-docx opens the package and knows the styles; the text is read from the XML itself, because its own
`paragraph.text` leaves out what was inserted under change tracking and what stands in content controls. Deleted
text is left out, and so are page headers and footers.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atk_interp.formats.readers.base import MOST_BYTES, Document, File, Problem, library_missing, text_document
from atk_interp.patterns import pattern

__all__ = ["read"]

_OLD_OFFICE = bytes.fromhex("D0CF11E0A1B11AE1")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = pattern(r"heading ([1-9])", re.IGNORECASE)
_LIST = pattern(r"list (bullet|number)", re.IGNORECASE)
_LITERAL = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_NOT_READ = {f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", _FALLBACK}
_MOST_NESTED = 100


def read(file: File) -> Iterator[Document | Problem]:
    """One document. A package that would unpack to more than `MOST_BYTES` is not opened."""
    if problem := _refused(file):
        yield problem
        return
    try:
        import docx
    except ImportError:
        yield library_missing(file, "python-docx")
        return
    try:
        text = _text(docx.Document(str(file.path)))
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - a damaged package fails anywhere in zipfile, lxml or python-docx
        yield file.problem("the file is damaged or no Word document; skipped", help="open it in Word and save it again")
        return
    yield text_document(file, text)


def _refused(file: File) -> Problem | None:
    """What is wrong with the file before anything of it is unpacked."""
    with file.path.open("rb") as stream:
        head = stream.read(len(_OLD_OFFICE))
    if not head:
        return file.problem("the file is empty; skipped")
    if head == _OLD_OFFICE:
        help = "save a copy as .docx without a password"
        return file.problem("the file is encrypted, or an old `.doc` by another name; skipped", help=help)
    size = _unpacked_size(file.path)
    if size is not None and size > MOST_BYTES:
        return file.problem(f"the file would unpack to {size >> 20} MB, more than {MOST_BYTES >> 20}; skipped")
    return None


def _unpacked_size(path: Path) -> int | None:
    """In bytes, as the package states; zipfile never unpacks more than that. None when it is no package."""
    try:
        with zipfile.ZipFile(path) as package:
            return sum(member.file_size for member in package.infolist())
    except zipfile.BadZipFile:
        return None


def _text(document: Any) -> str:
    styles = {style.style_id: style.name or "" for style in document.styles}
    blocks = [*_blocks(document.element.body, styles, 0)]
    for part in (relation.target_part for relation in document.part.rels.values() if not relation.is_external):
        if str(part.partname) in ("/word/footnotes.xml", "/word/endnotes.xml"):
            blocks.extend(_notes(part.blob, styles))
    return "\n\n".join(block for block in blocks if block.strip())


def _blocks(parent: Any, styles: dict[str, str], depth: int) -> Iterator[str]:
    """The paragraphs and tables below an element; neighbouring list items are one block."""
    items: list[str] = []
    for block, is_item in _each(parent, styles, depth):
        if is_item:
            items.append(block)
            continue
        if items:
            yield "\n".join(items)
            items = []
        yield block
    if items:
        yield "\n".join(items)


def _each(parent: Any, styles: dict[str, str], depth: int) -> Iterator[tuple[str, bool]]:
    for element in parent if depth < _MOST_NESTED else ():
        if element.tag == f"{_W}p":
            yield _paragraph(element, styles)
        elif element.tag == f"{_W}tbl":
            yield "\n".join(_rows(element, styles, depth)), False
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins", f"{_W}moveTo"):
            yield from _each(element, styles, depth + 1)


def _paragraph(element: Any, styles: dict[str, str]) -> tuple[str, bool]:
    """The text of a paragraph, and whether it is a list item."""
    text = "".join(_runs(element)).strip()
    style = element.find(f"{_W}pPr/{_W}pStyle")
    name = styles.get(style.get(f"{_W}val"), "") if style is not None else ""
    if not text:
        return "", False
    if heading := _HEADING.fullmatch(name):
        return f"{'#' * min(6, int(heading.group(1)))} {' '.join(text.split())}", False
    if name.lower() == "title":
        return f"# {' '.join(text.split())}", False
    numbering = element.find(f"{_W}pPr/{_W}numPr")
    if numbering is None and not _LIST.match(name):
        return text, False
    level = numbering.find(f"{_W}ilvl") if numbering is not None else None
    indent = "  " * min(8, int(level.get(f"{_W}val", "0"))) if level is not None else ""
    return f"{indent}- {text}", True


def _runs(element: Any) -> Iterator[str]:
    """The pieces of text below an element, in their order; a text box stands on lines of its own."""
    stack = [element]
    while stack:
        found = stack.pop()
        if isinstance(found, str):
            yield found
        elif found.tag == f"{_W}t":
            yield found.text or ""
        elif found.tag in _LITERAL:
            yield _LITERAL[found.tag]
        elif found.tag not in _NOT_READ:
            if found.tag == f"{_W}p" and found is not element:
                stack.append("\n")
            stack.extend(reversed(found))


def _rows(table: Any, styles: dict[str, str], depth: int) -> Iterator[str]:
    for row in table.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is not table:
            continue  # the row of a table within a cell, which is a part of that cell
        cells = [" ".join(" ".join(_blocks(cell, styles, depth + 1)).split()) for cell in row.iterchildren(f"{_W}tc")]
        if any(cells):
            yield " | ".join(cells)


def _notes(xml: bytes, styles: dict[str, str]) -> Iterator[str]:
    """The notes that an author wrote; those with a type are the rules that Word draws above them."""
    from docx.oxml import parse_xml

    for note in parse_xml(xml):
        if note.get(f"{_W}type") is None and (text := " ".join(_blocks(note, styles, 0)).strip()):
            yield f"[{note.get(f'{_W}id')}] {text}"
