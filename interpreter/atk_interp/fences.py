"""Fenced code in a reply: what stands in it is text, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["Fence", "fences", "outside", "standing"]

_Place = TypeVar("_Place")

_LINE = pattern(r"(?m)^(?P<before>[^\n`~]{0,100}+)(?P<marks>`{3,}+|~{3,}+)(?P<info>[^\n`]*+)$")
_LEADS = pattern(r"[\s>]*+(?:(?:[-+•‣▪*–]|\(?\d{1,3}[.)]|\(?[A-Za-z]\))\s++)?+")
"""What may stand before a fence beside words and a colon: a mark of quotation, the marker of a list."""
_MARKS = ("```", "~~~")
_AFTER_COLON = "*_ \t"
_MOST_TRIED = 16


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block, half-open: from its marks at `start`, in the column `indent`; `inside` is without them."""

    start: int
    end: int
    inside: tuple[int, int]
    indent: int


@dataclass(frozen=True, slots=True)
class _Opened:
    marks: str
    start: int
    inside: int
    indent: int


def fences(text: str) -> list[Fence]:
    """The outermost closed fences of a text, in order. Linear time.

    As in Markdown, but that a line with a language opens a fence inside another one too, as models nest them; that a
    fence may begin behind a list marker, or words with a colon (`User: ```python`); and that one which is never
    closed is none, so that it hides nothing of what comes after it.
    """
    if "```" not in text and "~~~" not in text:
        return []
    open_: list[_Opened] = []
    found: list[Fence] = []
    for line in _LINE.finditer(text):
        marks, before, info = line["marks"], line["before"], line["info"].strip()
        is_bare = not info and not before.strip(" \t>")
        last = open_[-1] if open_ else None
        if last is not None and is_bare and marks.startswith(last.marks):
            open_.pop()
            while found and found[-1].start > last.start:
                found.pop()
            inside = (last.inside, max(last.inside, line.start()))
            found.append(Fence(last.start, line.end(), inside, last.indent))
        elif (last is None or info) and _may_lead(before):
            start = line.start("marks")
            open_.append(_Opened(marks, start, min(line.end() + 1, len(text)), start - line.start()))
    return found


def outside(places: Iterable[_Place], start: Callable[[_Place], int], blocks: list[Fence]) -> list[_Place]:
    """The places, in order, that begin in no fence."""
    kept: list[_Place] = []
    ahead = iter(blocks)
    block = next(ahead, None)
    for place in places:
        while block is not None and block.end <= start(place):
            block = next(ahead, None)
        if block is None or start(place) < block.start:
            kept.append(place)
    return kept


def standing(text: str, find: Callable[[str], list[_Place]]) -> tuple[str, list[_Place]]:
    """What `find`, which looks in no fence, finds in a text; or, where that is nothing, in what a fence holds.

    A reply may stand in a fence as a whole. Gives what the places are places of, too.
    """
    found = find(text)
    candidates = iter(()) if found else _insides(text)
    for inside in candidates:
        found = find(inside)
        if found:
            return inside, found
    return text, found


def _insides(text: str) -> Iterator[str]:
    """What stands between fences that are the first and the last line, and then in the fences, the last first."""
    blocks = fences(text)
    lines = text.strip().split("\n")
    if len(blocks) > 1 and lines[0].startswith(_MARKS) and lines[-1].strip() == lines[0][:3]:
        yield "\n".join(lines[1:-1])
    for block in blocks[: -_MOST_TRIED - 1 : -1]:
        yield text[slice(*block.inside)]


def _may_lead(before: str) -> bool:
    return _LEADS.fullmatch(before) is not None or before.rstrip(_AFTER_COLON).endswith((":", "："))
