"""Cutting a document into passages of at most so many tokens.

A passage is a run of whole paragraphs. A paragraph that is too long for one passage is cut at its sentences (a
list, a table or code at its lines), a sentence that is too long at its words, and a word that is too long
anywhere. A Markdown heading stays with what follows it. Nothing is dropped: between two passages, before the
first and after the last stands whitespace alone.

    units      A  B  C  D  E  F        spans that are not cut any more, each within the limit
    packed    [A  B][C  D  E][F]       greedily, as many as fit
    balanced  [A  B][C  D][E  F]       when the later one would be short

Token counts of parts do not add up exactly to the count of the whole, so sums only guide the packing: whether a
passage fits is always decided by counting its own text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from atk_interp.records import dataclass
from atk_interp.sentences import Span, heading_end, paragraphs, pieces, sentences
from atk_interp.tokens import count_tokens

__all__ = ["SMALLEST_LIMIT", "Passage", "chunk_text", "neighbours"]

SMALLEST_LIMIT = 4
"""The fewest tokens a passage may be limited to: as many as one character can take."""

_SHORT_SHARE = 5
"""A passage below a fifth of the limit counts as short, unless the caller says otherwise."""

_OVERSHOOT = 1.15
"""How far a sum of counts may exceed the count of the whole; up to here the whole is counted."""

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` is exactly `document[start:end]`, and takes `tokens` tokens."""

    text: str
    start: int
    end: int
    tokens: int


class _Unit(NamedTuple):
    """A span that is not cut further. `cost` counts it with the whitespace before it; `glued` to the next one."""

    start: int
    end: int
    cost: int
    glued: bool


def chunk_text(
    text: str,
    max_tokens: int,
    *,
    overlap_tokens: int = 0,
    min_tokens: int | None = None,
    count: Count = count_tokens,
) -> list[Passage]:
    """The passages of a text, in its order, none above `max_tokens`; none at all for a text of whitespace.

    With `overlap_tokens` each passage but the first begins with up to that many tokens from the end of the one
    before it (whole sentences where they fit), within `max_tokens`. A passage of fewer than `min_tokens` (default:
    a fifth of the limit) shares the load of the one before it where paragraphs allow. `count` must be a pure
    function; it is called about three times per token of text.
    Raises `ValueError` when the limits leave fewer than `SMALLEST_LIMIT` tokens that are new in each passage.
    """
    if overlap_tokens < 0:
        raise ValueError(f"an overlap of {overlap_tokens} tokens is less than none")
    limit = max_tokens - overlap_tokens
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a passage needs room for {SMALLEST_LIMIT} tokens beside its overlap, and has {limit}")
    cutter = _Cutter(text, limit, count)
    short = limit // _SHORT_SHARE if min_tokens is None else min(min_tokens, limit)
    packed = cutter.balance(cutter.pack(), short)
    spans = [(cutter.units[first].start, cutter.units[last - 1].end) for first, last in packed]
    if overlap_tokens:
        spans = _overlapped(text, spans, overlap_tokens, max_tokens, count)
    counts = [count(text[start:end]) for start, end in spans]
    return [Passage(text[start:end], start, end, tokens) for (start, end), tokens in zip(spans, counts, strict=True)]


def neighbours(text: str, start: int, end: int, tokens: int, count: Count = count_tokens) -> tuple[str, str]:
    """What stands before and after a passage, each at most so many tokens of whole sentences, or words.

    Empty at the ends of the text. Costs as much as cutting a few passages of that size. Raises `ValueError` for fewer
    than `SMALLEST_LIMIT` tokens.
    """
    reach = tokens * _MOST_CHARACTERS
    first = max(0, start - reach)
    begin = start
    if text[first:start].strip():
        whole = first == 0 and count(text[:start].rstrip()) <= tokens
        begin = 0 if whole else _drawn_back(text, (first, start), (start, start), tokens, tokens, count)
    after = chunk_text(text[end : end + reach], tokens, min_tokens=0, count=count)
    return text[begin:start].strip(), after[0].text.strip() if after else ""


_MOST_CHARACTERS = 16
"""More than a token stands for in running text."""


class _Cutter:
    """One text, its units, and the limit that every passage keeps."""

    def __init__(self, text: str, limit: int, count: Count, *, whole_paragraphs: bool = True) -> None:
        self.text = text
        self.whole_paragraphs = whole_paragraphs
        self.limit = limit
        self.count = count
        self.units = [*self._costed(self._all_units())]

    def pack(self) -> list[Span]:
        """Runs of units `(first, last + 1)`, each filled as far as it goes."""
        runs = []
        first = 0
        while first < len(self.units):
            last = self._filled(first)
            runs.append((first, last))
            first = last
        return runs

    def balance(self, runs: list[Span], short: int) -> list[Span]:
        """Where a run is shorter than `short` tokens, move units into it from the run before."""
        for index in range(1, len(runs)):
            (first, middle), (_, last) = runs[index - 1], runs[index]
            if self._sum(middle, last) >= short or middle - first < 2:
                continue
            better = self._even_split(first, middle, last)
            runs[index - 1], runs[index] = (first, better), (better, last)
        return runs

    def _filled(self, first: int) -> int:
        """The end of the longest run from `first` that fits and does not part a heading from its text."""
        total = 0
        last = first
        while last < len(self.units):
            total += self.units[last].cost
            if total > self.limit:
                if total > self.limit * _OVERSHOOT or (exact := self._exact(first, last + 1)) > self.limit:
                    break
                total = exact
            last += 1
        last = max(last, first + 1)
        while last > first + 1 and self._exact(first, last) > self.limit:
            last -= 1
        return self._unglued(first, last)

    def _unglued(self, first: int, last: int) -> int:
        kept = last
        while kept > first and kept < len(self.units) and self.units[kept - 1].glued:
            kept -= 1
        return kept if kept > first else last

    def _even_split(self, first: int, middle: int, last: int) -> int:
        """The split of two runs whose halves differ least; `middle` when no other keeps the limit."""
        right = self._sum(middle, last)
        left = self._sum(first, middle)
        best, difference = middle, abs(left - right)
        for split in range(middle - 1, first, -1):
            left -= self.units[split].cost
            right += self.units[split].cost
            if right > self.limit or abs(left - right) >= difference:
                break
            if not self.units[split - 1].glued:
                best, difference = split, abs(left - right)
        fits = self._exact(first, best) <= self.limit and self._exact(best, last) <= self.limit
        return best if fits else middle

    def _sum(self, first: int, last: int) -> int:
        return sum(unit.cost for unit in self.units[first:last])

    def _exact(self, first: int, last: int) -> int:
        return self.count(self.text[self.units[first].start : self.units[last - 1].end])

    def _costed(self, spans: Iterable[tuple[int, int, bool]]) -> Iterator[_Unit]:
        """The units with what each adds to a passage: its own tokens and those of the gap before it."""
        before: int | None = None
        for start, end, glued in spans:
            yield _Unit(start, end, self.count(self.text[start if before is None else before : end]), glued)
            before = end

    def _all_units(self) -> Iterator[tuple[int, int, bool]]:
        """Headings glued to what follows them; paragraphs that fit whole; the parts of those that do not."""
        heading: int | None = None  # where the heading just before begins
        carried = 0  # tokens of the headings in a row up to here, with their gaps
        for start, end in paragraphs(self.text):
            carried += 0 if heading is None else self.count(self.text[heading:start])
            fits = self.whole_paragraphs and carried + self.count(self.text[start:end]) <= self.limit
            if fits and heading_end(self.text, start, end) == end:
                heading = start
                yield start, end, True
                continue
            if fits:
                yield start, end, False
            else:
                yield from self._parts(start, end, self.limit - carried)
            heading, carried = None, 0

    def _parts(self, start: int, end: int, room: int) -> Iterator[tuple[int, int, bool]]:
        """The sentences of a paragraph, and the words of those that are too long. `room`: left beside the headings."""
        room = room if room >= SMALLEST_LIMIT else self.limit
        for first, last in sentences(self.text, start, end):
            if self.count(self.text[first:last]) <= room:
                yield first, last, False
            else:
                for piece in pieces(self.text, first, last, room, self.count):
                    yield *piece, False
            room = self.limit


def _overlapped(text: str, spans: list[Span], overlap: int, limit: int, count: Count) -> list[Span]:
    """Each span but the first drawn back over what stands before it, but never as far as the one before begins.

    What is new in a span may be less than the overlap, so it may reach back over several.
    """
    grown = spans[:1]
    for (_, end), (next_start, next_end) in pairwise(spans):
        first = max(grown[-1][0], end - overlap * _MOST_CHARACTERS)
        grown.append((_drawn_back(text, (first, end), (next_start, next_end), overlap, limit, count), next_end))
    return grown


def _drawn_back(text: str, before: Span, after: Span, overlap: int, limit: int, count: Count) -> int:
    """Where a passage begins when it repeats the end of the one before: at a sentence, else at a word."""
    start, end = before
    tail = _Cutter(text[start:end], max(overlap, SMALLEST_LIMIT), count, whole_paragraphs=False).units
    starts = [after[0]]
    total = 0
    for unit in reversed(tail):
        total += unit.cost
        if unit.start == 0 or total > overlap * _OVERSHOOT:
            break
        starts.append(start + unit.start)
    while len(starts) > 1 and (count(text[starts[-1] : end]) > overlap or count(text[starts[-1] : after[1]]) > limit):
        starts.pop()
    return starts[-1]
