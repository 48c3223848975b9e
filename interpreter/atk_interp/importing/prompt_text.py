"""A prompt file of ours, written out: messages under their roles, long texts as blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from atk_interp.patterns import pattern
from atk_interp.reference.yaml_text import scalar

__all__ = ["prompt_file", "yaml_scalar"]

_SHORT = 90
_NOT_PLAIN = pattern(r"[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What cannot stand in a block as it is: control characters, and what YAML takes for a line break."""


def prompt_file(messages: Sequence[tuple[str, str]], head: str) -> str:
    """A list of messages, each a role and a template, under a comment of one line."""
    items = "".join(f"- {role}: {yaml_scalar(content, '    ')}\n" for role, content in messages)
    return f"# {head}\n{items}"


def yaml_scalar(text: str, indent: str) -> str:
    """A text as it stands behind `key: `: a block with this indentation where that is easier to read.

    White space round a text is not kept: no message has any.
    """
    text = text.strip()
    if _NOT_PLAIN.search(text) or text.startswith("\t"):
        return _in_quotes(text)
    if "\n" not in text and len(text) <= _SHORT:
        return scalar(text) if text and "#" not in text else _in_quotes(text)
    lines = (f"{indent}{line}" if line else "" for line in text.split("\n"))
    return "|\n" + "\n".join(lines)


def _in_quotes(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + _NOT_PLAIN.sub(_escaped, text) + '"'


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
