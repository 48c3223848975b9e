"""Reasoning that stands inside the text of a reply: found, and set apart from the answer."""

from __future__ import annotations

__all__ = ["split_reasoning"]

_TAGS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"))


def split_reasoning(text: str) -> tuple[str, str]:
    """`(reasoning, answer)` of a model's text.

    Reasoning is a tagged block at the very beginning. Many chat templates write the opening tag themselves, so a
    closing tag with no opening one before it ends reasoning too; and a block that was cut off before its end
    leaves no answer. Tags further on are the answer's own business. A text without reasoning comes back as is.
    """
    for opening, closing in _TAGS:
        start = text.find(opening)
        end = text.find(closing)
        if start >= 0 and not text[:start].strip():
            inside = start + len(opening)
            if end < 0:
                return text[inside:].strip(), ""
            return text[inside:end].strip(), text[end + len(closing) :].lstrip()
        if end >= 0 and (start < 0 or start > end):
            return text[:end].strip(), text[end + len(closing) :].lstrip()
    return "", text
