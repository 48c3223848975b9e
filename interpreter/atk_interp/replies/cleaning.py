"""Small repairs to the text of a reply that lose nothing an author would miss."""

from __future__ import annotations

from atk_interp.fences import fences
from atk_interp.patterns import pattern

__all__ = ["clean", "excerpt", "quoted", "tidy", "without_wrapping_emphasis"]

_LONE_SURROGATE = pattern("[\ud800-\udfff]")
_RULE_CHARACTERS = frozenset("-*_=")
_MOST_EXCERPT = 60


def clean(text: str) -> str:
    """Line breaks become `\\n`, a byte order mark goes, half a surrogate pair becomes U+FFFD.

    Half a pair is what is left of a symbol cut in two; it could not be stored.
    """
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def tidy(content: str) -> str:
    """A part of a reply without outer space, rule lines (`---`) at its end, and a closing fence opened before it."""
    content = content.strip()
    lines = content.split("\n")
    length = len(content)
    closed: set[int] | None = None
    while lines:
        line = lines[-1].strip()
        if line.startswith("```"):
            closed = {fence.end for fence in fences(content)} if closed is None else closed
            if length in closed:
                break
        elif line and not _is_rule(line):
            break
        length -= len(lines.pop()) + 1
    return "\n".join(lines).rstrip()


def _is_rule(line: str) -> bool:
    marks = set(line) - {" "}
    return len(marks) == 1 and marks <= _RULE_CHARACTERS and len(line) > 2


def without_wrapping_emphasis(content: str) -> str:
    """`**all of it**` without its emphasis; text with emphasis in parts of it stays, and so does `__init__`."""
    for mark in ("***", "**", "__", "*", "_", "`"):
        inner = content[len(mark) : -len(mark)]
        if content.startswith(mark) and content.endswith(mark) and inner.strip() and mark[0] not in inner:
            return content if mark[0] == "_" and inner.isidentifier() else inner.strip()
    return content


def excerpt(text: str) -> str:
    """The beginning of a text on one line, in backticks, to show what was found; "nothing" for none."""
    head = " ".join(text.lstrip()[: 4 * _MOST_EXCERPT].split())
    if not head:
        return "nothing"
    return f"`{head[:_MOST_EXCERPT].rstrip()}…`" if len(head) > _MOST_EXCERPT else f"`{head}`"


def quoted(words: list[str] | tuple[str, ...]) -> str:
    """Words as a list for people, in backticks."""
    return ", ".join(f"`{word}`" for word in words)
