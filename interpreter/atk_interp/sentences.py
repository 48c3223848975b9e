"""Where a text may be cut: blank lines, then sentences or lines, then words, then characters.

All spans are half-open offsets into the whole text. A list of spans is ordered, does not overlap, and leaves out
nothing but whitespace. Every function is linear in the length of its span, whatever stands in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import TypeAlias

from atk_interp.patterns import pattern

__all__ = ["Span", "heading_end", "paragraphs", "pieces", "sentences", "whole_sentences"]

Span: TypeAlias = "tuple[int, int]"

_BLANK_LINES = pattern(r"\n\s*\n")
_SPACE_RUN = pattern(r"\s*")

_SPACED_ENDERS = ".!?…‽"
"""End a sentence only where whitespace follows: they also stand inside numbers, names and addresses."""

_ENDERS = "。．｡！？؟۔܀܁܂।॥።፧፨။៕។།༎։᙮᠃᠉⸮꓿꘎꘏"
"""End a sentence wherever they stand (a choice from Unicode's Sentence_Terminal)."""

_WHOLE_ENDERS = ".!?…。！？"

_CLOSERS = "\"'”’»›)\\]」』】〉》）］*_"
# Nothing is given back, and no run is begun in its middle: a line of dots is looked at once.
_SPACED_END = rf"(?<![{_SPACED_ENDERS}])[{_SPACED_ENDERS}]++[{_CLOSERS}]*+(?=\s)"
_SENTENCE_END = pattern(rf"{_SPACED_END}|[{_ENDERS}][{_ENDERS}{_SPACED_ENDERS}]*[{_CLOSERS}]*")

_LAST_WORD = pattern(r"[^\W_]+(?:\.[^\W_]+)*\Z")
_LAST_WORD_REACH = 16
_ABBREVIATED = """
    mr mrs ms dr prof st sr jr rev gen col sgt capt lt hon gov inc ltd co corp vs etc e.g i.e cf al approx dept est
    fig figs eq no nos vol vols pp ed eds ch sec art jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m u.s
    bzw bspw ca d.h dipl evtl ggf hr fr inkl ing nr z.b u.a usw vgl s.o s.u abb abs bd hrsg jh kap o.ä tel zzgl
    m mme mlle mm p.ex av env sra srta ud uds ee.uu dott sig sigg pag
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
"""English, German, French, Spanish, Italian, Latin; in lower case, without the last full stop."""

_LIST_LINE = pattern(r"[ \t]*(?:[|>*+•–-]|\d{1,3}[.)]|`{3}|\t| {2,}\S)", re.MULTILINE)
_HEADING_LINE = pattern(r"[ ]{0,3}#{1,6}[ \t]+\S[^\n]*(?=\n|\Z)")
_UNDERLINED_HEADING = pattern(r"[ ]{0,3}\S[^\n]*\n[ ]{0,3}(?:={2,}|-{2,})[ \t]*(?=\n|\Z)")


def paragraphs(text: str) -> list[Span]:
    """The blocks between blank lines, each with the indentation of its first line and no whitespace at its end."""
    found = []
    start = 0
    for gap in _BLANK_LINES.finditer(text):
        found.append(_block(text, start, gap.start()))
        start = gap.end()
    found.append(_block(text, start, len(text)))
    return [block for block in found if block is not None]


def _block(text: str, start: int, end: int) -> Span | None:
    first = _skip_space(text, start, end)
    if first == end:
        return None
    return max(start, text.rfind("\n", start, first) + 1), _stripped_end(text, first, end)


def heading_end(text: str, start: int, end: int) -> int:
    """Where the Markdown heading at the beginning of a span ends; `start` when it begins with none."""
    match = _HEADING_LINE.match(text, start, end) or _UNDERLINED_HEADING.match(text, start, end)
    return match.end() if match else start


def sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of a paragraph, or its lines where it is a list, a table or indented code."""
    if _is_made_of_lines(text, start, end):
        yield from _lines(text, start, end)
        return
    begin = start
    for stop in _sentence_ends(text, start, end):
        yield begin, stop
        begin = _skip_space(text, stop, end)
    if begin < end:
        yield begin, end


def whole_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text on one line each: no headings, no list items, nothing that was cut at either end."""
    spans = (span for start, end in paragraphs(text) for span in sentences(text, heading_end(text, start, end), end))
    lines = (" ".join(text[start:end].split()) for start, end in spans)
    return tuple(dict.fromkeys(line for line in lines if _is_whole(line)))


def _is_whole(line: str) -> bool:
    first = line.lstrip("\"'“‘„«»([¿¡")[:1]
    stem = line.rstrip("\"'”’»)]*_")
    body = stem.rstrip(_WHOLE_ENDERS)
    return first.isalnum() and not first.islower() and body != stem and not body[-1].isspace()


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        last = _stripped_end(text, start, stop)
        if last > start:
            yield start, last
        start = stop + 1


def pieces(text: str, start: int, end: int, limit: int, count: Callable[[str], int]) -> Iterator[Span]:
    """Cut a span into pieces of at most `limit` tokens: at lines, else at words, else anywhere.

    Nearly every piece costs one or two counts: the next window is guessed from the characters that a token took
    so far, and is taken when it fits, even if a few characters more would have fitted too.
    Raises `ValueError` when one character alone takes more than `limit` tokens.
    """
    characters_per_token = 3.0
    at = _skip_space(text, start, end)
    while at < end:
        width = max(1, int(limit * characters_per_token))
        while True:
            cut = _good_cut(text, at, min(at + width, end), end)
            last = _stripped_end(text, at, cut)
            tokens = count(text[at:last])
            if tokens <= limit:
                break
            if last - at == 1:
                raise ValueError(f"one character takes {tokens} tokens, and a passage may have {limit}")
            width = min(last - at - 1, max(1, int((last - at) * limit / tokens * 0.95)))
        yield at, last
        characters_per_token = max(0.25, (last - at) / max(tokens, 1) * 0.97)
        at = _skip_space(text, cut, end)


def _good_cut(text: str, start: int, cut: int, end: int) -> int:
    """The best place to cut at or before `cut`: after a line in the second half, after a word, or between letters."""
    if cut >= end or text[cut].isspace():
        return cut
    middle = start + (cut - start) // 2
    line = text.rfind("\n", middle, cut)
    if line > start:
        return line
    for at in range(cut - 1, start, -1):
        if text[at].isspace():
            return at + 1
    return _between_characters(text, start, cut)


def _between_characters(text: str, start: int, cut: int) -> int:
    """Move a cut before marks and joiners that belong to the letter in front of them."""
    for at in range(cut, max(start, cut - 16), -1):
        joined = unicodedata.combining(text[at]) or text[at] in "\u200d\ufe0e\ufe0f" or text[at - 1] == "\u200d"
        if not joined:
            return at
    return cut


def _sentence_ends(text: str, start: int, end: int) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text, start, end):
        found = match.group()
        if found == "." and not _ends_here(text, match.start(), start):
            continue
        if found[0] in _SPACED_ENDERS and found[-1] not in _SPACED_ENDERS and _goes_on(text, match.end()):
            continue  # a quotation within the sentence
        yield match.end()


def _goes_on(text: str, stop: int) -> bool:
    """Whether a small letter follows."""
    after = _SPACE_RUN.match(text, stop)
    return after is not None and text[after.end() : after.end() + 1].islower()


def _ends_here(text: str, stop: int, start: int) -> bool:
    """Whether the full stop at `stop` ends a sentence: not after an abbreviation, an initial or a short number."""
    if _goes_on(text, stop + 1):
        return False
    word = _LAST_WORD.search(text[max(start, stop - _LAST_WORD_REACH) : stop])
    if word is None:
        return True
    last = word.group()
    initial = len(last) == 1 and last.isalpha() and last != "I"
    ordinal = len(last) <= 2 and last.isdigit()
    return not (initial or ordinal or last.lower() in _ABBREVIATIONS)


def _is_made_of_lines(text: str, start: int, end: int) -> bool:
    """Whether at least half of the lines begin as in a list, a table or indented code."""
    sample = text[start : min(end, start + 20_000)].split("\n")
    return len(sample) > 1 and 2 * sum(1 for line in sample if _LIST_LINE.match(line)) >= len(sample)


def _skip_space(text: str, start: int, end: int) -> int:
    match = _SPACE_RUN.match(text, start, end)
    return match.end() if match else start


def _stripped_end(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end
