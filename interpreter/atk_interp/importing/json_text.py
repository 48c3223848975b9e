"""JSON as it can be read with places: as YAML, of which it is nearly a part."""

from __future__ import annotations

import json

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_as_others_do
from atk_interp.source import SourceFile

__all__ = ["readable_json"]


def readable_json(file: SourceFile) -> SourceFile:
    """A file that YAML reads as its JSON is meant; the file itself where it is that already, or no JSON.

    Tabs between values, and characters that are written as two escapes, are not YAML: such a file is written anew, and
    places in it are those of the new text.
    """
    if not file.path.lower().endswith(".json"):
        return file
    try:
        data = json.loads(file.text)
    except (ValueError, RecursionError):
        return file
    document = parse_as_others_do(file, Sink())
    if document is not None and document.data == data:
        return file
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return SourceFile(file.path, text.encode("utf-8", "replace").decode("utf-8"))
