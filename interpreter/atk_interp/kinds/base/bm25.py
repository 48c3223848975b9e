"""Texts by how much they have of the words of another one: Okapi BM25, in any language.

    score(q, d) = sum over the terms t of q of  idf(t) * tf(t, d) * (k1 + 1) / (tf(t, d) + k1 * (1 - b + b * |d| / avg))
    idf(t) = ln(1 + (N - n(t) + 0.5) / (n(t) + 0.5))

with k1 = 1.2 and b = 0.75 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; the
1 in the logarithm, which keeps it above 0, is that of Lucene). A term counts once however often the query has it.

Terms are words without case. Of scripts that put no spaces between words the characters count, and each pair of
neighbours (Nie, Gao, Zhang and Zhou, "On the use of words and n-grams for Chinese information retrieval", 2000).
"""

from __future__ import annotations

import hashlib
import itertools
import math
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator

from atk_interp.expressions.words import words
from atk_interp.kinds.base.sums import Weighed, summed

__all__ = ["Texts", "terms"]

_K1 = 1.2
_B = 0.75


def terms(text: str) -> list[str]:
    """The terms of a text, in their order."""
    found = words(unicodedata.normalize("NFKC", text))
    pairs = [one + other for one, other in itertools.pairwise(found) if _is_sign(one) and _is_sign(other)]
    return [*found, *pairs]


def _is_sign(word: str) -> bool:
    """Whether a word is one character of a script without spaces."""
    return len(word) == 1 and unicodedata.category(word) == "Lo"


class Texts:
    """Texts, by the number of their place, found by their terms.

    Memory: 12 bytes for each different term of each text, and some 200 for each term of all. No order of the texts
    before they are ranked changes a score.
    """

    def __init__(self) -> None:
        self._places: dict[bytes, array[int]] = {}
        """By term: the numbers of the texts that have it, each followed by how often."""
        self._lengths = array("I")
        self._total = 0
        self._worn = array("d")

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, text: str) -> None:
        """Put a text at the end."""
        found = terms(text)
        for term, times in Counter(found).items():
            self._places.setdefault(_hashed(term), array("I")).extend((len(self._lengths), times))
        self._lengths.append(len(found))
        self._total += len(found)

    def ranked(self, query: str) -> Iterator[tuple[float, int]]:
        """The score of each text that has a term of the query, with its number, the greatest first."""
        return summed(list(self._weighed(query)), self._wear())

    def _weighed(self, query: str) -> Iterator[Weighed]:
        for term in sorted(set(terms(query))):  # sums are rounded, so their order is fixed
            places = self._places.get(_hashed(term))
            if places is not None:
                having = len(places) // 2
                weight = math.log1p((len(self._lengths) - having + 0.5) / (having + 0.5)) * (_K1 + 1)
                yield weight, places

    def _wear(self) -> array[float]:
        """What the length of each text takes from its terms: the second part of the divisor."""
        if len(self._worn) != len(self._lengths):
            average = self._total / len(self._lengths) or 1.0  # texts may have signs alone, and no terms
            self._worn = array("d", (_K1 * (1 - _B + _B * length / average) for length in self._lengths))
        return self._worn


def _hashed(term: str) -> bytes:
    """Eight bytes for a term: long ones take no more room."""
    return hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()
