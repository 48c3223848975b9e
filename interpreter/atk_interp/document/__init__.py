"""YAML text with positions: plain data, and for every path in it the place of its key and its value.

The only door to PyYAML. `load` reads a file, `parse_document` a text; both collect what is wrong in a sink.
"""

from atk_interp.document.codes import CODES
from atk_interp.document.files import DISK, Files
from atk_interp.document.load import is_utf16, load_document, read_source, shown
from atk_interp.document.model import Document, Path, show_path
from atk_interp.document.parse import parse_as_others_do, parse_document
from atk_interp.document.texts import NotYaml, QuotedText, read_texts

__all__ = [
    "CODES",
    "DISK",
    "Document",
    "Files",
    "NotYaml",
    "Path",
    "QuotedText",
    "is_utf16",
    "load_document",
    "parse_as_others_do",
    "parse_document",
    "read_source",
    "read_texts",
    "show_path",
    "shown",
]
