"""What an expression asks for at its end: a name, an attribute, a filter, a test; and the word under a place."""

from __future__ import annotations

import re
from enum import Enum

from atk_interp.records import dataclass

__all__ = ["Asked", "Part", "asked_at", "word_at"]


class Part(Enum):
    """What a word of an expression is."""

    NAME = "name"
    ATTRIBUTE = "attribute"
    FILTER = "filter"
    TEST = "test"
    TAG = "tag"
    FILE = "file"
    TEXT = "text"
    """Within quotes: nothing of the language."""


@dataclass(frozen=True)
class Asked:
    """What a word is, how it begins, and for an attribute what it belongs to."""

    part: Part
    begun: str
    of: str = ""


_FILE = re.compile(r"(?:include|import|extends|from)\s+[\"'](?P<begun>[^\"']*)\Z")
_TAG = re.compile(r"\s*(?P<begun>\w*)\Z")
_FILTER = re.compile(r"\|\s*(?P<begun>\w*)\Z")
_TEST = re.compile(r"\bis\s+(?:not\s+)?(?P<begun>\w*)\Z")
_ATTRIBUTE = re.compile(r"(?P<of>[A-Za-z_]\w*(?:\.\w+|\[[^\]]*\])*)\.(?P<begun>\w*)\Z")
_NAME = re.compile(r"(?:^|[^\w.])(?P<begun>(?:[A-Za-z_]\w*)?)\Z")
_WORD = re.compile(r"\w*")


def asked_at(text: str, *, is_tag: bool = False) -> Asked:
    """What the end of a piece of expression asks for. `is_tag`: it stands in `{% … %}`."""
    if is_tag:
        for part, pattern in ((Part.FILE, _FILE), (Part.TAG, _TAG)):
            found = pattern.search(text) if part is Part.FILE else pattern.match(text)
            if found is not None:
                return Asked(part, found["begun"])
    if _is_quoted(text):
        return Asked(Part.TEXT, "")
    for part, pattern in ((Part.FILTER, _FILTER), (Part.TEST, _TEST), (Part.ATTRIBUTE, _ATTRIBUTE), (Part.NAME, _NAME)):
        found = pattern.search(text)
        if found is not None:
            return Asked(part, found["begun"], found.groupdict().get("of") or "")
    return Asked(Part.TEXT, "")


def word_at(text: str, offset: int) -> tuple[int, int]:
    """The word around a place: where it begins and ends; nothing where there is none."""
    start = offset = max(0, min(offset, len(text)))
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    found = _WORD.match(text, offset)
    return start, found.end() if found else offset


def _is_quoted(text: str) -> bool:
    quote = ""
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif quote and character == "\\":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
    return bool(quote)
