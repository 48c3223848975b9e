"""Finding `<name>…</name>` in a reply."""

from __future__ import annotations

import re
from collections.abc import Sequence

from atk_interp.records import dataclass

__all__ = ["Element", "elements", "tag_problem"]


@dataclass(frozen=True, slots=True)
class Element:
    """One complete tag: its name in lower case and its stripped content. `start` is where it opens."""

    name: str
    content: str
    start: int


def elements(text: str, names: Sequence[str]) -> list[Element]:
    """The complete elements of these names, in the order in which they open. Linear time.

    Names are compared without case; attributes are passed over. An element opens at the last opening tag before its
    closing tag, so that a tag that is only spoken of (`I will use <answer>`) opens nothing.
    """
    listed = "|".join(re.escape(name) for name in names)
    tag = re.compile(rf"<(?P<close>/?)\s*+(?P<name>{listed})(?:\s[^<>]*+)?>", re.IGNORECASE)
    opened: dict[str, re.Match[str]] = {}
    found: list[Element] = []
    for match in tag.finditer(text):
        name = match["name"].lower()
        if not match["close"]:
            opened[name] = match
        elif name in opened:
            start = opened.pop(name)
            found.append(Element(name, text[start.end() : match.start()].strip(), start.start()))
    return sorted(found, key=lambda element: element.start)


def tag_problem(text: str, name: str) -> str:
    """What to say when `name` is in none of the elements of a reply."""
    opening = re.search(rf"<\s*+{re.escape(name)}[\s>]", text, re.IGNORECASE)
    if opening is None:
        return f"expected `<{name}>…</{name}>`, found none"
    return f"expected `</{name}>` after `<{name}>`, found none"
