"""Text that does nothing to who shows it: control characters, as names and replies may have, written as escapes."""

from __future__ import annotations

import re

from atk_interp.patterns import pattern

__all__ = ["printable"]

_BIDI = r"\u202a-\u202e\u2066-\u2069"
"""What reverses the order in which the characters after it are shown (https://trojansource.codes)."""

_ESCAPED = pattern(rf"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}]")
_BESIDE_COLOURS = pattern(rf"\x1b(?!\[[0-9;]*m)|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f{_BIDI}]")


def printable(text: str, *, painted: bool = False) -> str:
    """A text with its control characters, beside tabs and line breaks, as JSON and YAML write them.

    Of a `painted` text, which this program has put colours into, the colours stay.
    """
    return text if text.isprintable() else (_BESIDE_COLOURS if painted else _ESCAPED).sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
