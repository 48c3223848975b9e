"""Setting aside what a model thinks aloud before it answers."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["REASONING_TAGS", "split_reasoning"]

REASONING_TAGS = ("think", "thinking", "reasoning")
"""Tags whose content, at the beginning of a reply, is reasoning."""


def split_reasoning(text: str, keep: Collection[str] = ()) -> tuple[str, str]:
    """The reasoning at the beginning of a reply, and the reply without it, both stripped.

    Several tags one after the other are all reasoning. A tag that is never closed holds nothing but reasoning: the
    rest is empty. Where the opening tag was part of the prompt, all before the first closing tag is reasoning.
    A reply without any of this is returned as it is. `keep` are names of tags that a parser reads: they are left
    where they are. Linear time.
    """
    names = [name for name in REASONING_TAGS if name not in {kept.lower() for kept in keep}]
    if not names:
        return "", text
    listed = "|".join(names)
    opening = re.compile(rf"\s*+<(?P<name>{listed})>", re.IGNORECASE)
    closing = {name: re.compile(rf"</{name}>", re.IGNORECASE) for name in names}
    thoughts: list[str] = []
    at = 0
    while opened := opening.match(text, at):
        closed = closing[opened["name"].lower()].search(text, opened.end())
        thoughts.append(text[opened.end() : closed.start() if closed else len(text)].strip())
        at = closed.end() if closed else len(text)
    if not thoughts and (unopened := _unopened(text, listed)):
        thoughts.append(text[: unopened.start()].strip())
        at = unopened.end()
    return "\n\n".join(filter(None, thoughts)), text[at:].strip() if at else text


def _unopened(text: str, listed: str) -> re.Match[str] | None:
    """The first closing tag, if no tag of its name opens before it."""
    tag = re.search(rf"<(?P<close>/?)(?:{listed})>", text, re.IGNORECASE)
    return tag if tag and tag["close"] else None
