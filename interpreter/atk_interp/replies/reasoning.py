"""Setting aside what a model thinks aloud before it answers."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["split_reasoning"]

_TAGS = {
    "think": ("<think>", "</think>"),
    "thinking": ("<thinking>", "</thinking>"),
    "reasoning": ("<reasoning>", "</reasoning>"),
    "[think]": ("[THINK]", "[/THINK]"),
}


def split_reasoning(text: str, keep: Collection[str] = ()) -> tuple[str, str]:
    """The reasoning at the beginning of a reply, stripped, and the answer after it.

    Reasoning stands in `<think>`, `<thinking>`, `<reasoning>` or `[THINK]`, in upper or lower case. Several tags one
    after the other are all reasoning. A tag that is never closed holds nothing else: the answer is empty. Many chat
    templates write the opening tag themselves, so a closing tag with none before it ends reasoning too. A text
    without any of this comes back as it is, and tags further on are the answer's own business. `keep` are names of
    tags that a parser reads: they are left where they are. Linear time.
    """
    kept = {name.lower() for name in keep}
    tags = [pair for name, pair in _TAGS.items() if name not in kept]
    if not tags:
        return "", text
    opening = re.compile(r"\s*+(?:" + "|".join(f"({re.escape(tag)})" for tag, _ in tags) + ")", re.IGNORECASE)
    thoughts: list[str] = []
    at = 0
    while opened := opening.match(text, at):
        closed = _search(tags[(opened.lastindex or 1) - 1][1], text, opened.end())
        thoughts.append(text[opened.end() : closed.start() if closed else len(text)].strip())
        at = closed.end() if closed else len(text)
    if not thoughts and (closed := _closed_first(tags, text)):
        thoughts.append(text[: closed.start()].strip())
        at = closed.end()
    return "\n\n".join(filter(None, thoughts)), text[at:].lstrip() if thoughts else text


def _search(tag: str, text: str, at: int = 0) -> re.Match[str] | None:
    return re.compile(re.escape(tag), re.IGNORECASE).search(text, at)


def _closed_first(tags: list[tuple[str, str]], text: str) -> re.Match[str] | None:
    """The closing tag of the first kind that no tag of its kind opens before."""
    for opening, closing in tags:
        closed = _search(closing, text)
        opened = _search(opening, text) if closed else None
        if closed and (opened is None or opened.start() > closed.start()):
            return closed
    return None
