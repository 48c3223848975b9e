"""EPUB: the chapters of a book in the order in which it is read."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from atk_interp.formats.decoding import decode
from atk_interp.formats.nesting import is_too_deep
from atk_interp.formats.readers.base import MOST_BYTES, Document, File, Problem, library_missing, text_document
from atk_interp.formats.readers.page import readable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["read"]

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_LARGEST_CHAPTER = 64 * 1024 * 1024
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


class _Damaged(Exception):
    """What is wrong with the book, or with a part of it."""


def read(file: File) -> Iterator[Document | Problem]:
    """One document, its chapters parted by blank lines. A chapter that cannot be read is reported and left out.

    No more than `MOST_BYTES` are unpacked, whatever the package says of itself. Documents of XML that define entities
    are refused, and nothing outside the package is looked at.
    """
    with file.open() as stream:
        if not stream.read(1):
            yield file.problem("the file is empty; skipped")
            return
    try:
        with zipfile.ZipFile(file.path) as package:
            yield from _book(file, _Package(package))
    except ImportError:
        yield library_missing(file, "selectolax")
    except zipfile.BadZipFile:
        yield file.problem("the file is damaged or no EPUB; skipped")
    except _Damaged as damaged:
        yield file.problem(f"{damaged}; skipped")


def _book(file: File, package: _Package) -> Iterator[Document | Problem]:
    chapters = []
    locked = package.locked()
    for name in package.chapters():
        try:
            if name in locked:
                raise _Damaged("the chapter is encrypted")
            chapters.append(_chapter(package.text(name)))
        except _Damaged as damaged:
            yield file.problem(f"{damaged}; skipped", f"chapter `{posixpath.basename(name)}`")
    if locked and not any(chapters):
        yield file.problem("the book is protected against copying; skipped")
        return
    yield text_document(file, "\n\n".join(filter(None, chapters)))


def _chapter(markup: str) -> str:
    if is_too_deep(markup):
        raise _Damaged("the chapter is nested too deeply")
    return readable(markup)


class _Package:
    """The files in a book. What is unpacked is counted."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._room = MOST_BYTES

    def text(self, name: str) -> str:
        """A file of the package. Raises `_Damaged`."""
        most = min(self._room, _LARGEST_CHAPTER)
        try:
            with self._package.open(name) as stream:
                data = stream.read(most + 1)
        except KeyError:
            raise _Damaged(f"`{name}` is missing in the package") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise _Damaged(f"`{name}` cannot be unpacked") from error
        if len(data) > most:
            raise _Damaged(f"`{name}` would unpack to more than {most >> 20} MB")
        self._room -= len(data)
        decoded = decode(data, lambda sample: "cp1252")
        assert decoded is not None
        return decoded.text

    def tree(self, name: str) -> Element:
        """The root of an XML file of the package. Raises `_Damaged`."""
        from xml.etree import ElementTree  # imported late: few inputs are books

        text = self.text(name)
        if "<!ENTITY" in text:
            raise _Damaged(f"`{name}` defines entities")
        try:
            return ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            raise _Damaged(f"`{name}` is not valid XML ({error})") from None

    def chapters(self) -> list[str]:
        """The names of the files of text, in reading order. Raises `_Damaged`."""
        container = self.tree(_CONTAINER)
        root = next((found.get("full-path") for found in container.iter() if _local(found) == "rootfile"), None)
        if not root:
            raise _Damaged("the package does not say where its book is")
        book = self.tree(root)
        files = {
            item.get("id"): self._place(root, item.get("href", ""))
            for item in book.iter()
            if _local(item) == "item" and item.get("media-type") in _PAGES
        }
        order = [ref.get("idref") for ref in book.iter() if _local(ref) == "itemref" and ref.get("linear") != "no"]
        return [files[name] for name in order if name in files]

    def locked(self) -> frozenset[str]:
        """The files that are encrypted. Raises `_Damaged`."""
        if _ENCRYPTION not in self._package.namelist():
            return frozenset()
        listed = self.tree(_ENCRYPTION)
        return frozenset(unquote(found.get("URI", "")) for found in listed.iter() if _local(found) == "CipherReference")

    @staticmethod
    def _place(root: str, href: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(root), unquote(href.partition("#")[0])))


def _local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
