"""Words of a text in any language, for comparing texts by what they say.

A run of letters and digits is a word, apostrophes within it included. Scripts that do not put spaces between
words (Chinese, Japanese kana, Thai, Lao, Khmer, Burmese) count every character.
"""

from __future__ import annotations

import re
from functools import cache

__all__ = ["STOP_WORDS", "content_words", "coverage", "repetition", "similarity", "words"]

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+(?:['\u2019][^\\W_{_UNSPACED}]+)*"

_STOP_WORDS = """
    a about after all also am an and any are as at be because been before being between both but by can could did
    do does doing down during each few for from further had has have having he her here hers him his how i if in into
    is it its itself just many may me might more most much must my no nor not of off on once only or other our out
    over own same shall she should so some such than that the their them then there these they this those through to
    too under until up very was we were what when where which while who whom whose why will with would you
    your
"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English words that say little by themselves, question words among them."""

_STEM = 5
_SHORTEST_IN_S = 3


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order."""
    return _word_pattern().findall(text.casefold())


@cache
def _word_pattern() -> re.Pattern[str]:
    return re.compile(_WORD)  # classes this large take milliseconds to compile, which linting a spec does not need


def content_words(text: str) -> set[str]:
    """The words that carry content, each once, without their endings.

    An ending is an English -s (the S stemmer of D. Harman, "How effective is suffixing?", 1991), and what follows the
    fifth letter: cutting there finds most inflected forms of a word in many languages (Can et al., "Information
    retrieval on Turkish texts", 2008). Numbers keep all their digits.
    """
    return {_stem(word) for word in {*words(text)} - STOP_WORDS}


def _stem(word: str) -> str:
    if not word.isalpha() and any(map(str.isdigit, word)):
        return word
    if word[-1] == "s" and len(word) > _SHORTEST_IN_S:
        if word.endswith("ies") and not word.endswith(("eies", "aies")):
            word = f"{word[:-3]}y"
        elif not word.endswith(("us", "ss")):
            word = word[:-1]
    return word[:_STEM]


def coverage(text: str, other: str) -> float:
    """The share, from 0 to 1, of the content words of `text` that occur in `other`; 0 when it has none."""
    wanted = content_words(text)
    return len(wanted & content_words(other)) / len(wanted) if wanted else 0.0


def similarity(text: str, other: str) -> float:
    """The Jaccard index of the two sets of words, from 0 (none in common) to 1 (the same words, or none at all)."""
    left, right = set(words(text)), set(words(other))
    return len(left & right) / len(left | right) if left or right else 1.0


def repetition(text: str, n: int) -> float:
    """The share, from 0 to 1, of the letters of a text that repeat an earlier run of `n` words; 0 for fewer words.

    The "duplicate n-gram character fraction" of the quality rules of MassiveText (Rae et al., "Scaling Language
    Models: Methods, Analysis & Insights from Training Gopher", 2021, table A1), where 0.15 for 5 words and 0.10 for
    10 are the most that a document may have. A text said twice has 0.5. No letter counts twice.
    """
    found = words(text)
    seen: set[tuple[str, ...]] = set()
    repeated = at = 0
    while at + n <= len(found):
        run = tuple(found[at : at + n])
        if run in seen:
            repeated += sum(map(len, run))
            at += n
        else:
            seen.add(run)
            at += 1
    return repeated / sum(map(len, found)) if repeated else 0.0
