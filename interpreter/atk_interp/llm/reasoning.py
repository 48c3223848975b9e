"""Reasoning that stands inside the text of a reply: found, and set apart from the answer."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.fences import fences, outside

__all__ = ["split_reasoning"]

_TAGS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"))
_WIDEST_INDENT = 32


def split_reasoning(text: str) -> tuple[str, str]:
    """`(reasoning, answer)` of a model's text. Linear time.

    Reasoning is a tagged block at the very beginning. Many chat templates write the opening tag themselves, so a
    closing tag with no opening one before it ends reasoning too; and a block that was cut off before its end
    leaves no answer. Further on it is a block on lines of its own, outside code fences; other tags are the answer's
    own business. A text without reasoning comes back as is.
    """
    reasoning, answer = _first(text)
    for opening, closing in _TAGS:
        if opening in answer and closing in answer:
            inside, answer = _further_on(answer, opening, closing)
            reasoning = "\n\n".join(part for part in (reasoning, *inside) if part)
    return reasoning, answer


def _first(text: str) -> tuple[str, str]:
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


def _further_on(text: str, opening: str, closing: str) -> tuple[list[str], str]:
    """What stands in blocks on lines of their own, and the text without those lines."""
    inside: list[str] = []
    kept: list[str] = []
    at = 0
    for start, end in outside(_blocks(text, opening, closing), lambda block: block[0], fences(text)):
        inside.append(text[start + len(opening) : end - len(closing)].strip())
        kept.append(text[at:start])
        at = end
    if not inside:
        return [], text
    kept.append(text[at:])
    return inside, "".join(_without_gaps(kept)).strip()


def _without_gaps(pieces: list[str]) -> Iterator[str]:
    """The pieces of a text, of which whole lines have gone in between, with an empty line where there was one."""
    before = ""
    for piece in pieces:
        after = piece.lstrip(" \t")
        yield "\n\n" if before.endswith("\n\n") or after.startswith("\n\n") else "\n"
        yield after.lstrip("\n").rstrip()
        before = piece.rstrip(" \t")


def _blocks(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    """Complete blocks that begin a line, and whose opening or closing tag ends one; half-open, none in another."""
    start = text.find(opening)
    end = -1
    while start >= 0:
        inside = start + len(opening)
        if end < inside:
            end = text.find(closing, inside)
            if end < 0:
                return
        past = end + len(closing)
        if _begins_line(text, start) and (_ends_line(text, inside) or _ends_line(text, past)):
            yield start, past
            inside = past
        start = text.find(opening, inside)


def _begins_line(text: str, at: int) -> bool:
    before = text[max(0, at - _WIDEST_INDENT) : at].rstrip(" \t")
    return before.endswith("\n") or (not before and at < _WIDEST_INDENT)


def _ends_line(text: str, at: int) -> bool:
    after = text[at : at + _WIDEST_INDENT].lstrip(" \t\r")
    return after.startswith("\n") or (not after and len(text) - at < _WIDEST_INDENT)
