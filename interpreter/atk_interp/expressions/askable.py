"""Which sentences of an English text can be asked about without what stands around them, and how a question begins.

A question is made of a statement by moving its verb and leaving out what is asked for, in the manner of M. Heilman and
N. A. Smith, "Good Question! Statistical Ranking for Question Generation" (NAACL 2010), here by forms of sentences in
place of parse trees: few sentences have one of these forms, and those that have are asked about rightly for the most
part. It is for models so small that they can end a question, and seldom begin the right one.
"""

from __future__ import annotations

import re

from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.sentences import whole_sentences

__all__ = ["askable"]

_SHORTEST, _LONGEST = 25, 200
"""Characters of a sentence; the forms below take time that grows with the square of it."""

_POINTS_ELSEWHERE = pattern(
    r"""
    ^\W*(?:one|each|both|all|most|some|many|others?|another|there|but|and|or|yet|however|here|today|later|twice|only
        |if|when|where|what|how|that|so|then|at[ ]first)\b
    | ^(?:\S+[ ]){0,5}(?:it|its|they|them|their|he|him|his|she|her)\b
    | \b(?:this|these|those|such|also|therefore|former|latter|examples?|we|you|i)\b
    | \b(?:the|every|upper|lower|first|second|third|last|same)[ ]
      (?:ones?|same|others?|two|three|ideas?|names?|results?|reasons?)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LEGAL = pattern(r"\b(?:copyright|licen[cs]e|warranty|liable|isbn)\b", re.IGNORECASE)

_LOWER_CASE = pattern(r"\b[a-z]+\b")
_ARTICLES = frozenset(["The", "A", "An"])
_OF_A_PEOPLE = pattern(r"(?:an|ch|ese|ic|ish)\Z")

_BE = r"(?P<be>is|are|was|were)"
_NO_PLACE = r"(?!(?:About|After|As|At|Before|By|During|For|From|In|Near|Of|On|Since|To|Under|Until|With)\b)"
_WHAT = _NO_PLACE + r"(?P<what>(?:(?! (?:is|are|was|were) )[^,;:]){3,%d}?)"
_MADE = "invented|built|designed|described|discovered|developed|patented|founded|proved|explained|opened|named|created"
_DID = f"{_MADE}|found|wrote|gave|grew|decoded|studied|proposed|reported"
_NAME = r"[A-Z][\w'’-]+"
_REST = r"(?:(?:[,;:.]| and ).*)?"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})*|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousand|million|billion)"
_HOLD = "eat|contain|hold|make|show|produce|mean|remove|cover|bring|carry"


@dataclass(frozen=True, slots=True)
class _Form:
    """What a whole sentence may look like, and how a question about it begins, with the groups of the expression."""

    says: re.Pattern[str]
    asks: str


def _form(says: str, asks: str) -> _Form:
    return _Form(pattern(says), asks)


_FORMS = (
    _form(r".* because .*", "Why"),
    _form(rf"{_WHAT % 70} {_BE} called .*", "What {be} {what} called"),
    _form(
        rf"(?:.* )?{_NAME} (?:[a-z]+ )?{_NAME}(?:,[^,]*,)?(?: in [A-Z][a-z]+)? "
        rf"(?P<did>{_DID}) (?P<what>[^,;:.]+?){_REST}",
        "Who {did} {what}",
    ),
    _form(rf".*\bthe [A-Z][a-z]+ (?P<did>{_MADE}) (?P<what>(?:an?|the) [^,;:.]+?){_REST}", "Who {did} {what}"),
    _form(
        rf"{_WHAT % 70},? (?:(?:is|are|was|were) )?(?P<did>{_MADE}|found|proposed) (?:in \d+ )?by (?:the )?"
        r"(?:[A-Z]?[a-z]+ )?[A-Z].*",
        "Who {did} {what}",
    ),
    _form(
        rf"{_WHAT % 70} (?P<be>was|were) (?:first )?(?P<done>[a-z]+ed|built|made|found|written|held) "
        r".*(?:\b1\d{3}\b|century|years ago).*",
        "When {be} {what} {done}",
    ),
    _form(
        rf"{_WHAT % 40} {_BE} (?P<done>[a-z]+ed|made|fed|cut|held|driven) (?P<by>of|by|with|from) .*",
        "What {be} {what} {done} {by}",
    ),
    _form(rf"{_WHAT % 60} {_BE} (?:an?|the|about|mostly|only) .*", "What {be} {what}"),
    _form(r".* at (?:about )?[\d,]+ degrees.*", "At what temperature"),
    _form(
        rf"[^\d,;:]*(?:between [\d,]+ and |\d+ to )?\b{_NUMBER} (?:of )?"
        r"(?P<what>(?:[a-z]{4,} )?[a-z]{3,}s(?: of [a-z]+)?)\b[^\d,;:]*",
        "How many {what}",
    ),
    _form(r"(?P<what>[^,;:]{3,40}?s) (?P<do>[a-z]+[^s ]) by [a-z]+ing.*", "How do {what} {do}"),
    _form(rf"(?P<what>(?:The |{_NAME} )?(?:[a-z]+ ){{0,2}}[a-zA-Z]+s) (?P<do>{_HOLD}) .*", "What do {what} {do}"),
    _form(rf"(?P<what>(?:The |An? )?(?:[\w-]+ ){{0,3}}[\w-]+) (?P<do>{_HOLD})s .*", "What does {what} {do}"),
)


def askable(text: str) -> list[dict[str, str]]:
    """The sentences of a text that can be asked about by themselves: `sentence`, and the `opening` of the question.

    They are of 25 to 200 characters, point to nothing outside of themselves, and have one of the forms.
    """
    found = []
    common = frozenset(_LOWER_CASE.findall(text))
    for sentence in whole_sentences(text):
        if not _SHORTEST <= len(sentence) <= _LONGEST or _POINTS_ELSEWHERE.search(sentence) or _LEGAL.search(sentence):
            continue
        if opening := _opening(sentence, common):
            found.append({"sentence": sentence, "opening": opening})
    return found


def _opening(sentence: str, common: frozenset[str]) -> str:
    body = sentence.rstrip(".!?…\"'”’)")
    for form in _FORMS:
        if match := form.says.fullmatch(body):
            groups = {name: _inside(group, common) for name, group in match.groupdict().items()}
            return form.asks.format(**groups)
    return ""


def _inside(words: str, common: frozenset[str]) -> str:
    """Words as they stand within a sentence: a first word that has its capital from the beginning loses it."""
    first, _, rest = words.partition(" ")
    is_described = rest[:1].islower() and first.isalpha() and not _OF_A_PEOPLE.search(first)
    loses = first in _ARTICLES or first.lower() in common or is_described
    return f"{first.lower()}{words[len(first) :]}" if loses else words
