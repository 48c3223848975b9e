"""Figures about the quality of a text: what it is written with, how hard it is to read, how much of it is copied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from atk_interp.expressions.words import words

__all__ = ["copied", "longest_copy", "readability", "special_characters"]

_LONG_WORD = 7


def special_characters(text: str) -> float:
    """The share, from 0 to 1, of characters that are neither letters, marks nor digits; white space does not count.

    English prose has some 0.03 (its full stops and commas), source code 0.2 and more, the debris of tables and forms
    more than that. Without any character that counts it is 0.
    """
    counted = "".join(text.split())
    if not counted:
        return 0.0
    return sum(not _is_written(character) for character in counted) / len(counted)


def _is_written(character: str) -> bool:
    if character.isascii() or character.isalnum():
        return character.isalnum()
    import unicodedata  # imported late: marks are in few texts

    return unicodedata.category(character)[0] == "M"


def readability(text: str) -> float:
    """LIX: words in a sentence, plus the per cent of words with more than six letters; 0 for a text without words.

    Björnsson, "Läsbarhet" (1968): about 25 reads like a children's book, 35 fiction, 45 a newspaper, 55 a textbook,
    more than 60 a law. It needs no dictionary of syllables, and so is the same for all languages that are written
    with letters and spaces; it says nothing of the others.
    """
    found = words(text)
    if not found:
        return 0.0
    sentences = sum(any(map(str.isalnum, part)) for part in _sentence_ends().split(text))
    long_words = sum(len(word) >= _LONG_WORD for word in found)
    return len(found) / max(1, sentences) + 100 * long_words / len(found)


@cache
def _sentence_ends() -> re.Pattern[str]:
    return re.compile(r"[.!?…:。！？؟।](?=[\s\"'»”’)\]]|$)|[。！？]|\n\s*\n")


def copied(text: str, other: str, n: int) -> float:
    """The share, from 0 to 1, of the words of `text` that stand in a run of `n` words that `other` has, too.

    The coverage by extractive fragments of Grusky et al., "Newsroom" (2018), with runs shorter than `n` left out, as
    two texts about one thing share those by chance. 0 for a text of fewer words.
    """
    found, source = words(text), words(other)
    runs = {tuple(source[at : at + n]) for at in range(len(source) - n + 1)}
    count = covered_to = 0
    for at in range(len(found) - n + 1):
        if tuple(found[at : at + n]) in runs:
            count += at + n - max(at, covered_to)
            covered_to = at + n
    return count / len(found) if count else 0.0


def longest_copy(text: str, other: str) -> int:
    """How many words the longest run has that stands in both texts."""
    automaton = _SuffixAutomaton(words(other))
    return automaton.longest(words(text))


class _SuffixAutomaton:
    """All runs of a list of words, in space and time that grow with its length (Blumer et al., 1985)."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._link = [-1]
        self._length = [0]
        last = 0
        for symbol in symbols:
            last = self._extended(last, symbol)

    def _extended(self, last: int, symbol: str) -> int:
        new = self._state(self._length[last] + 1, {}, 0)
        at = last
        while at >= 0 and symbol not in self._next[at]:
            self._next[at][symbol] = new
            at = self._link[at]
        if at >= 0:
            self._link[new] = self._suffix(at, symbol)
        return new

    def _suffix(self, at: int, symbol: str) -> int:
        """The state of the longest suffix that was there before; split off from another where it has to be."""
        known = self._next[at][symbol]
        if self._length[known] == self._length[at] + 1:
            return known
        copy = self._state(self._length[at] + 1, dict(self._next[known]), self._link[known])
        while at >= 0 and self._next[at].get(symbol) == known:
            self._next[at][symbol] = copy
            at = self._link[at]
        self._link[known] = copy
        return copy

    def _state(self, length: int, following: dict[str, int], link: int) -> int:
        self._next.append(following)
        self._length.append(length)
        self._link.append(link)
        return len(self._next) - 1

    def longest(self, symbols: Sequence[str]) -> int:
        """The length of the longest run of these that is one of ours."""
        best = at = length = 0
        for symbol in symbols:
            while at and symbol not in self._next[at]:
                at = self._link[at]
                length = self._length[at]
            if symbol in self._next[at]:
                at = self._next[at][symbol]
                length += 1
            best = max(best, length)
        return best
