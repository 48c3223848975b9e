"""The layout of a page: which lines are columns, tables and paragraphs, from where their letters stand. Pure.

Text comes in the order in which a page draws it, which goes across columns where a program has drawn line by line. A
gap that is wider than a letter is high parts a line into segments; where the gaps of several lines leave a gutter free
there are columns if the segments are long, and a table if they are short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import field
from itertools import pairwise
from statistics import median

from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = [
    "LINE_END_HYPHEN",
    "Line",
    "Segment",
    "compounds",
    "joined_pages",
    "laid_out",
    "paragraphs",
    "without_running_heads",
]

_PARAGRAPH_GAP = 1.3
"""A paragraph begins below a gap of this many usual gaps."""

_USUAL_GAP = 1.25
"""The gap between lines, in heights of a letter, where a page has too few lines to tell."""

_SIZE_CHANGE = 0.15
_INDENT = (0.6, 6.0)
"""Between how many heights of a letter a first line is indented."""

_GUTTER = 0.7
"""What must be free between columns, in heights of a letter."""

_LEAST_ROWS, _LEAST_LINES = 2, 3
"""Lines that make a table, and columns."""

_HEADS = 2
"""Lines at the top and at the bottom of a page that may be running heads."""

_FEWEST_PAGES = 3
_LONG = 24
"""Letters of a segment that is a line of a column, and no cell."""

LINE_END_HYPHEN = "\x02"
"""What pdfium puts for a hyphen that parts a word at the end of a line."""

_OPEN_END = pattern(r"[\w,;\u00ad-]\Z")
_HYPHEN_END = pattern(r"[^\W\d_][-\u2010\u00ad]\Z")
_WORD = pattern(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = pattern(r"[^\W\d_]+(?:-[^\W\d_]+)*\Z")
_DIGITS = pattern(r"\d+")
_SENTENCE_ENDS = tuple('.!?:…。！？।؟"”»)')


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a line with no wide gap in it, from `left` to `right` (in points)."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line: where its first letter stands (in points, y upwards) and how high it is.

    `last_y` is the height of the last letter: another one where a hyphen was mended. `table` is the number of the
    table that it is a row of, from 1; 0 for none.
    """

    text: str
    x: float
    y: float
    height: float
    last_y: float
    segments: tuple[Segment, ...] = field(default=())
    table: int = 0


def laid_out(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page in reading order: those of one column after those of another, cells parted by ` | `."""
    ordered: list[Line] = []
    usual = _usual_gap(list(lines))
    at = tables = 0
    while at < len(lines):
        end, gutters = _block(lines, at, usual)
        block = lines[at:end]
        parted = sum(len(line.segments) > 1 for line in block)
        if gutters and parted >= _LEAST_LINES and _is_running_text(block):
            ordered.extend(_columns(block, gutters))
        elif parted >= _LEAST_ROWS:
            tables += 1
            ordered.extend(_row(line, tables) for line in block)
        else:
            end = at + 1
            ordered.append(lines[at])
        at = end
    return ordered


def _block(lines: Sequence[Line], at: int, usual: float) -> tuple[int, list[tuple[float, float]]]:
    """Where the lines end that leave the same gutters free as the first, and these gutters."""
    gutters = [(left.right, right.left) for left, right in pairwise(lines[at].segments)]
    end = at + 1
    while gutters and end < len(lines):
        line, above = lines[end], lines[end - 1]
        left = _free(gutters, line)
        if not left or not line.segments:
            break
        is_parted = len(line.segments) > 1
        gap = above.last_y - line.y
        goes_on = -0.5 * line.height < gap <= _PARAGRAPH_GAP * usual
        if not is_parted and not (goes_on and abs(line.height - above.height) <= _SIZE_CHANGE * above.height):
            break
        if gap < -line.height:
            break
        gutters, end = left, end + 1
    return end, gutters


def _free(gutters: list[tuple[float, float]], line: Line) -> list[tuple[float, float]]:
    """What a line leaves free of the gutters."""
    found = []
    for low, high in gutters:
        for segment in line.segments:
            if segment.left <= low < segment.right:
                low = segment.right
            if segment.left < high <= segment.right:
                high = segment.left
            if low < segment.left and segment.right < high:  # within: a cell of a table where others have none
                high = segment.left
        if high - low >= _GUTTER * line.height:
            found.append((low, high))
    return found


def _is_running_text(block: Sequence[Line]) -> bool:
    sizes = [len(segment.text) for line in block if len(line.segments) > 1 for segment in line.segments]
    return median(sizes) >= _LONG and max(len(line.segments) for line in block) <= 4


def _columns(block: Sequence[Line], gutters: list[tuple[float, float]]) -> Iterator[Line]:
    edges = [(low + high) / 2 for low, high in gutters]
    for column in range(len(edges) + 1):
        for line in block:
            parts = [part for part in line.segments if sum(part.left > edge for edge in edges) == column]
            if parts:
                text = " ".join(part.text for part in parts)
                yield Line(text, parts[0].left, line.y, line.height, line.y)


def _row(line: Line, table: int) -> Line:
    cells = " | ".join(segment.text for segment in line.segments).replace(LINE_END_HYPHEN, "-") or line.text
    return Line(cells, line.x, line.y, line.height, line.last_y, table=table)


def compounds(pages: Iterable[Sequence[Line]]) -> frozenset[str]:
    """The words that a document spells with a hyphen within a line, and nowhere in one piece; in lower case."""
    words = {word for page in pages for line in page for word in _WORD.findall(line.text.lower())}
    return frozenset(word for word in words if "-" in word and word.replace("-", "") not in words)


def paragraphs(lines: list[Line], kept: Set[str] = frozenset()) -> str:
    """The lines of a page with a blank line before each paragraph; words parted at their ends are mended.

    The hyphen goes, unless what the word would be with it is among those `kept`, see `compounds`.
    """
    usual = _usual_gap(lines)
    parts: list[str] = []
    for index, line in enumerate(lines):
        if index and parts[-1].endswith(LINE_END_HYPHEN):
            goes = line.text[:1].islower() and _with_hyphen(parts[-1], line.text) not in kept
            parts[-1] = parts[-1][:-1] + ("" if goes else "-")
        elif index and _begins_paragraph(lines, index, usual):
            parts.append("\n\n")
        elif index and _HYPHEN_END.search(parts[-1]) and line.text[:1].islower():
            stays = parts[-1][-1] != "\u00ad" and _with_hyphen(parts[-1], line.text) in kept
            parts[-1] = parts[-1][:-1] + ("-" if stays else "")
        elif index:
            parts.append("\n")
        parts.append(line.text)
    return "".join(parts).replace(LINE_END_HYPHEN, "-")


def _with_hyphen(above: str, below: str) -> str:
    """The word that the end of one line and the beginning of the next are, if its hyphen belongs to it."""
    first, second = _LAST_WORD.search(above[:-1]), _WORD.match(below)
    return f"{first[0]}-{second[0]}".lower() if first is not None and second is not None else ""


def _usual_gap(lines: list[Line]) -> float:
    """The lower quartile of the gaps: gaps between paragraphs are wider, never narrower."""
    gaps = sorted(gap for above, below in pairwise(lines) if (gap := above.last_y - below.y) > below.height / 2)
    if len(gaps) >= 4:
        return gaps[len(gaps) // 4]
    heights = sorted(line.height for line in lines)
    return heights[len(heights) // 2] * _USUAL_GAP if heights else 0.0


def _begins_paragraph(lines: list[Line], index: int, usual: float) -> bool:
    above, line = lines[index - 1], lines[index]
    if above.table or line.table:
        return above.table != line.table
    gap = above.last_y - line.y
    if gap < -line.height / 2:  # the next column
        return above.text.endswith(_SENTENCE_ENDS)
    if gap < line.height / 2:  # beside each other, as in a table
        return False
    if gap > _PARAGRAPH_GAP * usual:
        return True
    if abs(above.height - line.height) > _SIZE_CHANGE * max(above.height, line.height):
        return True
    return index + 1 < len(lines) and _is_indented(above, line, lines[index + 1])


def _is_indented(above: Line, line: Line, below: Line) -> bool:
    least, most = (limit * line.height for limit in _INDENT)
    lone = abs(above.x - below.x) < least
    return lone and least < line.x - below.x < most and above.text.endswith(_SENTENCE_ENDS)


def without_running_heads(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """The pages without the first and last lines that most pages have, but for their numbers."""
    if len(pages) < _FEWEST_PAGES:
        return list(pages)
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_DIGITS.sub("0", line.text) for line in (*page[:_HEADS], *page[-_HEADS:])})
    heads = {text for text, count in seen.items() if count >= max(_FEWEST_PAGES, len(pages) / 2)}
    return [_stripped(page, heads) for page in pages]


def _stripped(page: list[Line], heads: set[str]) -> list[Line]:
    begin, end = 0, len(page)
    while begin < min(_HEADS, end) and _DIGITS.sub("0", page[begin].text) in heads:
        begin += 1
    while end > max(begin, len(page) - _HEADS) and _DIGITS.sub("0", page[end - 1].text) in heads:
        end -= 1
    return page[begin:end]


def joined_pages(pages: Sequence[str]) -> tuple[str, list[int]]:
    """Pages parted by a blank line, unless a sentence runs on from one to the next; and where each begins."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for page in pages:
        between = ""
        if page and parts:
            between = "\n" if page[0].islower() and _OPEN_END.search(parts[-1]) else "\n\n"
        starts.append(length + len(between))
        if page:
            parts += [between, page]
            length += len(between) + len(page)
    return "".join(parts), starts
