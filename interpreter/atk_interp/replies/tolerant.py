"""Finding the author's words in a reply as models write them.

What is tolerated, and nothing else: upper and lower case; Markdown emphasis and heading marks (`*`, `_` outside a
word, `#`); more, less or other white space beside punctuation and between words; a number between a word and its
colon (`QUESTION 1:` for `QUESTION:`), unless the author wrote one there; a full-width colon; and before words at the
beginning of a line a list marker, a number or a quotation mark (`1.`, `-`, `>`). Words are found whole: `suitable`
is not in `unsuitable`, `non-suitable` or `suitability` (but for scripts that part no words, such as Chinese).

How: the reply is reduced once to a skeleton (lower case, no marks, single spaces between words only) with the
offset of each character, and the author's words, reduced the same way, are searched in it. Linear time.
"""

from __future__ import annotations

from functools import cached_property

from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.replies.base import Cue, ReplyUnreadable
from atk_interp.replies.cleaning import excerpt

__all__ = ["Found", "Skeleton", "Wanted", "after_last", "header_cue"]

_PIECE = pattern(r"(?P<space>\s+)|(?P<star>[*#]+)|(?P<under>_+)|(?P<text>[^\s*#_]+)")
_SPACE = pattern(r"\s+")
_GAP = pattern(r"(?! (?<=[0-9A-Za-z] )[0-9A-Za-z])[\s*#_]+")
"""What is dropped or becomes a single space, in ASCII text: all but a single space between words."""
_NUMBER_BEFORE_COLON = pattern(r"(?<=[^\W\d_]) ?\(?\d{1,3}\)?\.?(?=:)")
_LINE_PREFIX = pattern(r"[\s>*_#+•–-]*(?:\(?\d{1,3}[.):][\s*_#]*)?")
_LONGEST_PREFIX = 32
_FOLD = str.maketrans({"\uff1a": ":"})
_JOINS_WORDS = frozenset("-'’_")


@dataclass(frozen=True)
class Wanted:
    """Words to look for, as the author wrote them."""

    written: str

    @cached_property
    def _skeleton(self) -> Skeleton:
        return Skeleton(self.written)

    @property
    def key(self) -> str:
        """What must be found: equal for words that cannot be told apart; empty when there is nothing to find."""
        return self._skeleton.plain

    @cached_property
    def is_numbered(self) -> bool:
        """Whether the author wrote a number before a colon, so that one in the reply is not to be overlooked."""
        return _NUMBER_BEFORE_COLON.search(self.key) is not None

    @property
    def shown(self) -> str:
        """The words for people, without marks round them."""
        return " ".join(self.written.strip(" \t\n*#_").replace("**", "").split())


@dataclass(frozen=True, slots=True)
class Found:
    """Where words were found: half-open, marks that belong to them included; `word` is where they begin without.

    `opened` is emphasis that begins before the words and does not end with them (`**QUESTION: like this**`).
    """

    start: int
    word: int
    end: int
    at_line_start: bool
    opened: str = ""


class Skeleton:
    """A text reduced to what counts when words are looked for in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain, self._offsets = _reduce(text)
        self._without_numbers: tuple[str, list[int]] | None = None

    def _unnumbered(self) -> tuple[str, list[int]]:
        """Without the numbers before colons: found out once, when it is first asked for."""
        if self._without_numbers is None:
            self._without_numbers = self._reduced_further()
        return self._without_numbers

    def _reduced_further(self) -> tuple[str, list[int]]:
        plain: list[str] = []
        offsets: list[int] = []
        done = 0
        for number in _NUMBER_BEFORE_COLON.finditer(self.plain):
            plain.append(self.plain[done : number.start()])
            offsets.extend(self._offsets[done : number.start()])
            done = number.end()
        if not done:
            return self.plain, self._offsets
        plain.append(self.plain[done:])
        offsets.extend(self._offsets[done:])
        return "".join(plain), offsets

    def find(self, wanted: Wanted) -> list[Found]:
        """Every place where the words stand, in order, none overlapping another."""
        key = wanted.key
        if not key:
            return []
        plain, offsets = (self.plain, self._offsets) if wanted.is_numbered else self._unnumbered()
        found: list[Found] = []
        at = plain.find(key)
        while at >= 0:
            start, end = offsets[at], offsets[at + len(key) - 1] + 1
            if _is_word_start(self.text, start) and _is_word_end(self.text, end):
                found.append(self._with_marks(start, end))
                at = plain.find(key, at + len(key))
            else:
                at = plain.find(key, at + 1)
        return found

    def _with_marks(self, start: int, end: int) -> Found:
        word = start
        before = self.text[max(0, start - _LONGEST_PREFIX) : start]
        line = before[before.rfind("\n") + 1 :]
        is_whole_line = "\n" in before or len(before) == start
        run = line[len(line.rstrip("*_")) :]
        opened = "" if run and run[-1] in self.text[start:end] else run
        if opened and self.text.startswith(opened[::-1], end):
            end += len(opened)
            opened = ""
        if is_whole_line and _LINE_PREFIX.fullmatch(line):
            return Found(start - len(line), word, end, True, opened)
        return Found(start - len(run), word, end, False, opened)


def after_last(header: Wanted, text: str) -> str:
    """The text after the last place where a header stands. Raises `ReplyUnreadable` when it stands nowhere."""
    found = Skeleton(text).find(header)
    if not found:
        raise ReplyUnreadable(f"expected `{header.shown}`, found {excerpt(text)}")
    return text[found[-1].end :]


def header_cue(field: str, header: Wanted | None) -> tuple[Cue, ...]:
    """What a prompt must say of the words under `after`, if there are any."""
    return (Cue(field, header.written),) if header is not None else ()


def _reduce(text: str) -> tuple[str, list[int]]:
    return _reduce_ascii(text) if text.isascii() else _reduce_any(text)


def _reduce_ascii(text: str) -> tuple[str, list[int]]:
    """What `_reduce_any` gives, in less than half the time: most of the text stays as it is, and is not looked at."""
    lowered = text.lower()
    pieces: list[str] = []
    offsets: list[int] = []
    done = 0
    for gap in _GAP.finditer(text):
        start, end = gap.span()
        between_words = start > 0 and end < len(text) and text[start - 1].isalnum() and text[end].isalnum()
        marks = gap.group()
        if between_words and not marks.strip("_"):
            continue  # underscores inside a word
        pieces.append(lowered[done:start])
        offsets.extend(range(done, start))
        done = end
        space = _last_space(marks) if between_words else -1
        if space >= 0:
            pieces.append(" ")
            offsets.append(start + space)
    pieces.append(lowered[done:])
    offsets.extend(range(done, len(text)))
    return "".join(pieces), offsets


def _last_space(marks: str) -> int:
    """Where the last run of white space begins; -1 without any."""
    *_, space = (-1, *(found.start() for found in _SPACE.finditer(marks)))
    return space


def _reduce_any(text: str) -> tuple[str, list[int]]:
    pieces: list[str] = []
    offsets: list[int] = []
    space_at = -1
    last = ""
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        if piece.lastgroup == "space":
            space_at = start
            continue
        if piece.lastgroup == "star" or (piece.lastgroup == "under" and not _is_inside_word(text, start, end)):
            continue
        lowered, places = _lower(piece.group(), start)
        if space_at >= 0 and last.isalnum() and lowered[0].isalnum():
            pieces.append(" ")
            offsets.append(space_at)
        space_at = -1
        pieces.append(lowered)
        offsets.extend(places)
        last = lowered[-1]
    return "".join(pieces), offsets


def _lower(piece: str, start: int) -> tuple[str, list[int] | range]:
    lowered = piece.lower().translate(_FOLD)
    if len(lowered) == len(piece):
        return lowered, range(start, start + len(piece))
    # One letter may become several in lower case (the Turkish dotted capital I): each keeps the one's offset.
    parts = [character.lower() for character in piece]
    places = [start + index for index, part in enumerate(parts) for _ in part]
    return "".join(parts).translate(_FOLD), places


def _is_inside_word(text: str, start: int, end: int) -> bool:
    return start > 0 and end < len(text) and text[start - 1].isalnum() and text[end].isalnum()


def _is_word_start(text: str, at: int) -> bool:
    """Whether no word runs on over `at` from the left (also by a hyphen or apostrophe)."""
    if at == 0 or not text[at].isalnum() or _is_unspaced(text[at]):
        return True
    before = text[at - 1]
    if before.isalnum():
        return _is_unspaced(before)
    return not (before in _JOINS_WORDS and at > 1 and text[at - 2].isalnum())


def _is_word_end(text: str, end: int) -> bool:
    if end >= len(text) or not text[end - 1].isalnum() or _is_unspaced(text[end - 1]):
        return True
    after = text[end]
    if after.isalnum():
        return _is_unspaced(after)
    return not (after in _JOINS_WORDS and end + 1 < len(text) and text[end + 1].isalnum())


def _is_unspaced(character: str) -> bool:
    """Whether the character is of a script that parts no words by spaces (Thai to Khmer, Chinese, Japanese)."""
    return "\u0e00" <= character <= "\u0eff" or "\u1000" <= character <= "\u109f" or "\u2e80" <= character <= "\u9fff"
