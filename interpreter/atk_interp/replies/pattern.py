"""`pattern`: text with holes, as the model was asked to write it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from atk_interp.expressions.types import TEXT, Type, maybe
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.replies.base import (
    NO_RULES,
    Cue,
    Fields,
    OptionsError,
    Reader,
    ReplyExample,
    ReplyKind,
    ReplyUnreadable,
    Rules,
)
from atk_interp.replies.cleaning import excerpt, tidy
from atk_interp.replies.grammar import GrammarWriter, literal, repeated
from atk_interp.replies.options import count, field_name
from atk_interp.replies.tolerant import Found, Skeleton, Wanted

__all__ = ["PATTERN"]

_DEFAULT_MAX_ITEMS = 3
_HOLE = pattern(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")


@dataclass(frozen=True)
class _Part:
    """A hole with the words before it: `written` in the pattern, `words` to look for."""

    written: str
    field: str
    optional: bool = False

    @property
    def begins_line(self) -> bool:
        return self.written[: len(self.written) - len(self.written.lstrip())].count("\n") > 0

    @cached_property
    def words(self) -> Wanted:
        return Wanted(self.written)


@dataclass(frozen=True)
class _PatternReader(Reader):
    parts: tuple[_Part, ...]
    closing: _Part
    """The words behind the last hole, with no field; perhaps none."""
    max_items: int
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {part.field: maybe(TEXT) if part.optional else TEXT for part in self.parts}

    @property
    def cues(self) -> tuple[Cue, ...]:
        return tuple(Cue(part.field, part.written, optional=part.optional) for part in (*self.parts, self.closing))

    def _read(self, text: str) -> list[Fields]:
        places = _Places(text, self.parts, self.closing)
        blocks = places.blocks()
        if self.many:
            return [places.read(block, f" in block {number}") for number, block in enumerate(blocks, 1)]
        for block in reversed(blocks[1:]):
            try:
                return [places.read(block, "")]
            except ReplyUnreadable:
                continue
        return [places.read(blocks[0], "")]

    def grammar(self, rules: Rules = NO_RULES) -> str | None:
        writer = GrammarWriter(rules)
        pieces: list[str] = []
        included = False  # whether the words before a hole are in the terminal of the hole before it
        for part, following in zip(self.parts, [*self.parts[1:], self.closing], strict=True):
            inline = bool(following.written) and not following.begins_line
            if inline and (part.optional or following.optional):
                return None
            words = [] if included or not part.written else [literal(part.written)]
            piece = " ".join([*words, writer.hole(part.field, before=following.written if inline else "")])
            pieces.append(f"({piece})?" if part.optional else piece)
            included = inline
        if self.closing.written and not included:
            pieces.append(literal(self.closing.written))
        body = " ".join(pieces)
        return writer.text(repeated(writer.rule("block", body), "\n\n", 1, self.max_items) if self.many else body)


class _Places:
    """Where the words of a pattern stand in one reply."""

    def __init__(self, text: str, parts: Sequence[_Part], closing: _Part) -> None:
        self._text = text
        self._parts = parts
        self._closing = closing
        self._found = _without_inner(Skeleton(text), [part.words for part in [*parts, closing] if part.words.key])
        for part in [*parts, closing]:
            places = self._found.get(part.words.key, [])
            beginning = [place for place in places if place.at_line_start]
            if beginning and (part.begins_line or part is parts[0]):
                self._found[part.words.key] = beginning
        self._starts = {key: [place.start for place in places] for key, places in self._found.items()}

    def blocks(self) -> list[tuple[int, int]]:
        """The stretches from one beginning of the pattern to the next. Raises `ReplyUnreadable` if there is none."""
        head = self._parts[0]
        if not head.words.key or head.optional:
            return [(0, len(self._text))]
        starts = self._starts[head.words.key]
        if not starts:
            raise ReplyUnreadable(f"expected `{head.words.shown}`, found {excerpt(self._text)}")
        return list(zip(starts, [*starts[1:], len(self._text)], strict=True))

    def read(self, block: tuple[int, int], where: str) -> Fields:
        """The reading of one block. Raises `ReplyUnreadable`; `where` is said in the message."""
        places = self._align(block, where)
        reading: Fields = {part.field: None for part in self._parts}
        end = block[1]
        for part, place in reversed(list(zip([*self._parts, self._closing], places, strict=True))):
            if place is None:
                continue
            if part.field:
                content = _content(self._text[place.end : end], place)
                if not content and not part.optional:
                    raise ReplyUnreadable(f"expected text after {_shown(part)}{where}, found nothing")
                reading[part.field] = content or None
            end = place.start
        return reading

    def _align(self, block: tuple[int, int], where: str) -> list[Found | None]:
        """The place of the words of each part, left to right; each takes the first that is left."""
        at, end = block
        aligned: list[Found | None] = []
        for index, part in enumerate(self._parts):
            place = self._first(part.words.key, at, end)
            if part.optional and place is not None:
                place = place if place.start <= self._next_required(index, at, end) else None
            elif place is None and not part.optional:
                raise ReplyUnreadable(f"expected {_shown(part)}{where}, found {excerpt(self._text[at:end])}")
            aligned.append(place)
            at = place.end if place else at
        place = self._first(self._closing.words.key, at, end) if self._closing.written else None
        if place is None and self._closing.written:
            raise ReplyUnreadable(f"expected {_shown(self._closing)}{where} at the end, found none")
        return [*aligned, place]

    def _next_required(self, index: int, at: int, end: int) -> int:
        """Where the words of the next part stand that must be there; the end when none must."""
        required = next((part for part in self._parts[index + 1 :] if not part.optional), self._closing)
        place = self._first(required.words.key, at, end) if required.written else None
        return end if place is None else place.start

    def _first(self, key: str, at: int, end: int) -> Found | None:
        if not key:
            return Found(at, at, at, True)
        index = bisect_left(self._starts[key], at)
        places = self._found[key]
        return places[index] if index < len(places) and places[index].end <= end else None


def _without_inner(skeleton: Skeleton, wanted: Sequence[Wanted]) -> dict[str, list[Found]]:
    """Places by key; words that stand inside longer wanted words do not count."""
    found = [(place, words.key) for words in {w.key: w for w in wanted}.values() for place in skeleton.find(words)]
    found.sort(key=lambda item: (item[0].word, -item[0].end))
    kept: dict[str, list[Found]] = {words.key: [] for words in wanted}
    covered = -1
    for place, key in found:
        if place.end > covered:
            kept[key].append(place)
            covered = place.end
    return kept


def _content(raw: str, place: Found) -> str:
    """What stands in a hole, without the other half of emphasis that its words began."""
    content = tidy(raw)
    mark = place.opened[::-1]
    if not mark:
        return content
    if content.endswith(mark):
        return tidy(content[: -len(mark)])
    return tidy(content.replace(mark, "", 1))


def _shown(part: _Part) -> str:
    return f"`{part.words.shown}`" if part.words.key else f"`{{{part.field}}}`"


class _PatternKind(ReplyKind):
    """Text with holes, written as the prompt asks the model to write it.

    ```yaml
    parse:
      pattern: |
        **QUESTION:** {question}
        **ANSWER:** {answer}
      many: true
    ```

    A hole runs to the next words of the pattern, to the next beginning of the pattern, or to the end of the reply; it
    may span lines. Its text is stripped, also of a rule line (`---`) behind it, and may not be empty. `{hole?}` may be
    missing, with the words before it, or empty: the field is then null. `{{` and `}}` are braces.

    The words are found tolerantly: case, emphasis (`**`, `__`, `*`), heading marks, white space, a number before a
    colon (`QUESTION 1:`), and list markers before the line do not matter. Words that begin a line of the pattern
    are looked for at the beginnings of lines, and anywhere only if no line begins with them. Text before the first
    words is passed over. There must be words between two holes.

    With `many` each beginning of the pattern is one reading, and one that is incomplete makes the reply unreadable.
    Without it, the last complete one counts.

    A constrained decoder writes exactly the pattern's own text with one line in each hole, and with `many` one to
    `max_items` (3) such blocks, an empty line between.
    """

    name = "pattern"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "string", "empty": False}
    schema: ClassVar[Mapping[str, Any]] = {"max_items": {"type": "integer", "min": 1}}
    takes_many = True
    examples = (
        ReplyExample(
            {"pattern": "**QUESTION:** {question}\n**ANSWER:** {answer}\n", "many": True},
            "Here you are:\n\n**Question 1:** Who?\n**Answer 1:** Ann.\n\n**Question 2:** When?\n**Answer 2:** Now.",
            [{"question": "Who?", "answer": "Ann."}, {"question": "When?", "answer": "Now."}],
        ),
        ReplyExample(
            {"pattern": "Name: {name}\nRole: {role?}\nHome: {home}"},
            "name: Ann\nhome: Ulm",
            [{"name": "Ann", "role": None, "home": "Ulm"}],
        ),
        ReplyExample({"pattern": "QUESTION: {question}\nANSWER: {answer}"}, "QUESTION: Who?", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if not isinstance(value, str):
            raise OptionsError("`pattern` must be text with holes such as `{answer}`", (self.name,))
        parts, closing = _parse(value)
        many = bool(options.get("many"))
        head = parts[0]
        if many and (head.optional or not head.words.key):
            raise OptionsError("with `many`, words must come before the first hole", (self.name,))
        if head.words.key and head.words.key in {part.words.key for part in [*parts[1:], closing]}:
            raise OptionsError(f"{_shown(head)} comes twice, so that no one sees where a block begins", (self.name,))
        return _PatternReader(parts, closing, count(options, "max_items", _DEFAULT_MAX_ITEMS), many)


def _parse(pattern: str) -> tuple[tuple[_Part, ...], _Part]:
    """The parts of a pattern and its closing words. Raises `OptionsError`."""
    text = "\n".join(line.rstrip() for line in pattern.strip().splitlines())
    parts: list[_Part] = []
    written = ""
    done = 0
    for token in _HOLE.finditer(text):
        written += text[done : token.start()]
        done = token.end()
        if token.group() in ("{{", "}}"):
            written += token.group()[0]
        elif token[1] is None:
            raise OptionsError(f"a lone `{token.group()}` in the pattern", ("pattern",), "double it if it is meant")
        else:
            parts.append(_part(written, token[1].strip(), parts))
            written = ""
    if not parts:
        raise OptionsError("the pattern has no hole such as `{answer}`", ("pattern",))
    closing = _Part(written + text[done:], "")
    if closing.written.strip() and not closing.words.key:
        raise OptionsError(f"`{closing.written.strip()}` holds no words to look for", ("pattern",))
    return tuple(parts), closing


def _part(written: str, hole: str, before: Sequence[_Part]) -> _Part:
    name = field_name(hole.removesuffix("?"), ("pattern",))
    part = _Part(written, name, hole.endswith("?"))
    if any(other.field == name for other in before):
        raise OptionsError(f"`{{{name}}}` comes twice", ("pattern",))
    if before and not part.words.key:
        raise OptionsError(f"no words between `{{{before[-1].field}}}` and `{{{name}}}`", ("pattern",))
    return part


PATTERN = _PatternKind()
