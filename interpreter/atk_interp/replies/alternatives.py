"""Which of several words an answer names, or that it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from atk_interp.expressions.types import Type, join_types, type_of
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.replies.base import Cue, CueForm, OptionsError, ReplyUnreadable
from atk_interp.replies.cleaning import excerpt, quoted
from atk_interp.replies.options import Path
from atk_interp.replies.tolerant import Found, Skeleton, Wanted
from atk_interp.values import Value

__all__ = ["CHOICES", "Alternatives", "alternatives", "first_line"]

CHOICES: Mapping[str, Any] = {
    "type": ["list", "dict"],
    "minlength": 2,
    "anyof": [
        {"type": "list", "schema": {"type": "string"}},
        {"type": "dict", "valuesrules": {"type": ["string", "number", "boolean"], "nullable": True}},
    ],
}
"""Cerberus rules of alternatives: a list of words, or words with the values that they stand for."""

_WORD = pattern(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LISTING = frozenset({"or", "and", "oder", "und", "ou", "et", "o", "y", "e", "или", "и"})
_ENGLISH = ("not", "no", "non", "never", "neither", "nor", "cannot", "hardly", "barely", "without")
_OTHERS = ("nicht", "kein", "keine", "nie", "ne", "pas", "ni", "não", "nem", "nunca", "jamás", "mai", "не", "нет", "ни")
_NEGATIONS = frozenset((*_ENGLISH, *_OTHERS))
_NEGATING_PREFIXES = frozenset("不非没沒未无無")
_CLAUSE_END = pattern(r"[.,;:!?\n()/|–—]")
_LONGEST_CLAUSE = 64
_WORDS_A_NEGATION_REACHES = 4
_LONGEST_LINE_ALONE = 400
_DECORATION = frozenset(" \t*_#>-=~`\"'“”")


@dataclass(frozen=True, slots=True)
class _Mention:
    written: str
    word: int
    end: int
    negated: bool


@dataclass(frozen=True)
class Alternatives:
    """Words that an answer may be, each with the value that it stands for.

    Words are found whole and tolerantly (`tolerant`), the longest at a place wins. A word of one letter counts only
    before punctuation or an end, for `a` is also an article. A word with a negation up to four words before it in
    its clause (`not really suitable`) is no answer: it makes the reply unreadable rather than true.
    """

    values: Mapping[str, Value]

    @property
    def type(self) -> Type:
        return join_types(type_of(value) for value in self.values.values())

    def cues(self, field: str, *, optional: bool = False) -> tuple[Cue, ...]:
        """The words, those of one value as one group."""
        return tuple(
            Cue(field, written, CueForm.ANSWER, optional, repr(value)) for written, value in self.values.items()
        )

    @property
    def expected(self) -> str:
        return f"one of {quoted(list(self.values))}"

    @cached_property
    def _wanted(self) -> list[Wanted]:
        return [Wanted(written) for written in self.values]

    def in_line(self, line: str, place: str = "") -> Value:
        """The value of a short answer such as `Suitable, since …`.

        The line names one alternative only, or begins with one and goes on otherwise than by listing others
        (`suitable or unsuitable`). Raises `ReplyUnreadable`; `place` is said in the message (" after `Verdict:`").
        """
        mentions = self._mentions(line)
        named = {mention.written for mention in mentions}
        if len(named) == 1:
            return self._sure(mentions, line, place)
        if mentions and _begins(line, mentions[0]) and not _is_listing(line, mentions[0], mentions[1]):
            return self.values[mentions[0].written]
        raise self._unsure(sorted(named, key=list(self.values).index), line, place)

    def in_reply(self, text: str) -> Value:
        """The value of a whole reply, where it cannot be mistaken. Raises `ReplyUnreadable`.

        The first or the last line is one of the words and nothing else, or the whole names one of them only; a word
        that may also deny what follows it (`there is no doubt`) must then stand before punctuation or an end.
        """
        lines = [line for line in text.splitlines() if not _DECORATION.issuperset(line)]
        alone = {written for line in (lines[:1] + lines[-1:]) if (written := self._alone_in(line)) is not None}
        if len(alone) == 1:
            return self.values[alone.pop()]
        mentions = self._mentions(text)
        named = {mention.written for mention in mentions}
        place = " alone in the first or the last line"
        if len(named) != 1:
            raise self._unsure(sorted(named, key=list(self.values).index), text, place)
        if Wanted(mentions[0].written).key in _NEGATIONS and not any(_ends_there(text, each.end) for each in mentions):
            raise ReplyUnreadable(f"expected {self.expected}{place}, found {excerpt(text)}")
        return self._sure(mentions, text, "")

    def _alone_in(self, line: str) -> str | None:
        """The word that a line consists of, marks aside; None if it says more, or asks."""
        mentions = self._mentions(line) if len(line) <= _LONGEST_LINE_ALONE else []
        if len(mentions) != 1:
            return None
        rest = line[: mentions[0].word] + line[mentions[0].end :]
        return None if any(each.isalnum() or each in "?？" for each in rest) else mentions[0].written

    def _sure(self, mentions: Sequence[_Mention], text: str, place: str) -> Value:
        negated = next((mention for mention in mentions if mention.negated), None)
        if negated is not None:
            clause = text[max(0, negated.word - 24) : negated.end]
            raise ReplyUnreadable(f"expected {self.expected}{place}, found a denial: {excerpt(clause)}")
        return self.values[mentions[0].written]

    def _unsure(self, named: list[str], text: str, place: str) -> ReplyUnreadable:
        found = f"found several: {quoted(named)}" if named else f"found {excerpt(text)}"
        return ReplyUnreadable(f"expected {self.expected}{place}, {found}")

    def _mentions(self, text: str) -> list[_Mention]:
        skeleton = Skeleton(text)
        places = [(found, wanted) for wanted in self._wanted for found in skeleton.find(wanted)]
        places = [(found, wanted) for found, wanted in places if len(wanted.key) > 1 or _stands_alone(text, found)]
        places.sort(key=lambda place: (place[0].word, -place[0].end))
        mentions: list[_Mention] = []
        for found, wanted in places:
            if not mentions or found.word >= mentions[-1].end:
                mentions.append(_Mention(wanted.written, found.word, found.end, _is_negated(text, found)))
        return mentions


def alternatives(value: Any, path: Path) -> Alternatives:
    """Alternatives from `[a, b]` or `{written: value}`. Raises `OptionsError`."""
    if isinstance(value, Mapping):
        values = {str(written): meant for written, meant in value.items()}
    elif isinstance(value, Sequence) and not isinstance(value, str):
        values = {str(item): item for item in value}
    else:
        raise OptionsError("expected a list of words, or words with their values", path)
    keys: dict[str, str] = {}
    for written, meant in values.items():
        if isinstance(meant, list | dict):
            raise OptionsError(f"`{written}` must stand for one value, not for several", (*path, written))
        if isinstance(value, Sequence) and isinstance(meant, bool | None):
            raise OptionsError(f"`{written}` is not text here", path, "put the word in quotes")
        key = Wanted(written).key
        if not key:
            raise OptionsError(f"`{written}` holds no word to look for", path)
        if key in keys:
            raise OptionsError(f"`{keys[key]}` and `{written}` cannot be told apart in a reply", path)
        keys[key] = written
    if len(values) < 2:
        raise OptionsError("a choice needs two words at least", path)
    return Alternatives(values)


def first_line(text: str) -> str:
    """The first line with more than Markdown marks in it; empty when there is none."""
    return next((line for line in text.splitlines() if not _DECORATION.issuperset(line)), "")


def _begins(line: str, mention: _Mention) -> bool:
    return not any(character.isalnum() for character in line[: mention.word])


def _is_listing(line: str, first: _Mention, second: _Mention) -> bool:
    between = line[first.end : second.word]
    return _LISTING.issuperset(_WORD.findall(between.lower()))


def _stands_alone(text: str, found: Found) -> bool:
    letter = text[found.word]
    return letter.upper() == letter.lower() or _ends_there(text, found.end)


def _ends_there(text: str, end: int) -> bool:
    """Whether punctuation or the end of a line follows, rather than another word."""
    return not text[end : end + 8].lstrip("*_` \t\"'")[:1].isalnum()


def _is_negated(text: str, found: Found) -> bool:
    before = text[max(0, found.word - _LONGEST_CLAUSE) : found.word].lower()
    if before.rstrip("*_`\"'“「 ")[-1:] in _NEGATING_PREFIXES:
        return True
    clause = _CLAUSE_END.split(before)[-1]
    words = _WORD.findall(clause)[-_WORDS_A_NEGATION_REACHES:]
    return any(word in _NEGATIONS or word.endswith(("n't", "n’t")) for word in words)
