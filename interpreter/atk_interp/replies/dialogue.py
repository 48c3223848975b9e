"""`dialogue`: a conversation written as lines that begin with the speaker's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import TEXT, ListType, RecordType, TextType, Type
from atk_interp.fences import fences, outside, standing
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
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
from atk_interp.replies.cleaning import excerpt, quoted, tidy
from atk_interp.replies.grammar import GrammarWriter, literal
from atk_interp.replies.tolerant import Found, Skeleton, Wanted
from atk_interp.values import Value

__all__ = ["DIALOGUE"]

_DEFAULT_MIN_TURNS = 2
_DEFAULT_MAX_TURNS = 6
_BETWEEN_TURNS = "\n\n"


@dataclass(frozen=True)
class _DialogueReader(Reader):
    field: str
    speakers: Mapping[str, tuple[Wanted, ...]]
    """By role, the headings that begin its turns (`User:`); the first is the one that is written."""
    min_turns: int
    max_turns: int

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.field: ListType(RecordType({"role": TextType(tuple(self.speakers)), "text": TEXT}))}

    @property
    def cues(self) -> tuple[Cue, ...]:
        return tuple(Cue(self.field, headings[0].written) for headings in self.speakers.values())

    def _read(self, text: str) -> list[Fields]:
        text, openings = standing(text, self._openings)
        turns: list[tuple[str, list[str]]] = []
        for index, (role, place) in enumerate(openings):
            end = openings[index + 1][1].start if index + 1 < len(openings) else len(text)
            said = _said(text[place.end : end], place)
            if not said:
                raise ReplyUnreadable(f"expected text in turn {index + 1} (`{role}`), found nothing")
            if turns and turns[-1][0] == role:
                turns[-1][1].append(said)
            else:
                turns.append((role, [said]))
        if len(turns) < self.min_turns:
            names = quoted([headings[0].shown for headings in self.speakers.values()])
            found = f"{len(turns)}" if turns else excerpt(text)
            raise ReplyUnreadable(f"expected {self.min_turns} turns at least, begun by {names}, found {found}")
        dialogue: list[Value] = [{"role": role, "text": "\n\n".join(parts)} for role, parts in turns]
        return [{self.field: dialogue}]

    def _openings(self, text: str) -> list[tuple[str, Found]]:
        """Where turns begin, in order. Of names that begin alike the longest counts."""
        skeleton = Skeleton(text)
        found = [
            (role, place)
            for role, headings in self.speakers.items()
            for heading in headings
            for place in skeleton.find(heading)
            if place.at_line_start
        ]
        found.sort(key=lambda item: (item[1].start, item[1].word))
        found = outside(found, lambda item: item[1].start, fences(text))
        return [item for index, item in enumerate(found) if not index or item[1].start > found[index - 1][1].start]

    def grammar(self, rules: Rules = NO_RULES) -> str:
        writer = GrammarWriter(rules)
        hole = writer.hole(self.field)
        headings = [spoken[0].written for spoken in self.speakers.values()]
        turns = [
            f"{literal(('' if number == 0 else _BETWEEN_TURNS) + headings[number % len(headings)] + ' ')} {hole}"
            for number in range(self.max_turns)
        ]
        # From the last turn back: what may be missing is wrapped in what comes before it.
        optional = ""
        for turn in reversed(turns[self.min_turns :]):
            optional = f"({turn} {optional})?"
        return writer.text(" ".join([*turns[: self.min_turns], optional]).rstrip())


def _said(raw: str, place: Found) -> str:
    content = tidy(raw)
    mark = place.opened[::-1]
    return tidy(content.replace(mark, "", 1)) if mark else content


class _DialogueKind(ReplyKind):
    """A conversation: `dialogue: {user: User, assistant: Assistant}` with `into: conversation`.

    The keys are the roles that are written, the values the names that begin a turn (`User:`); a list holds other
    spellings of the name. A turn begins at the beginning of a line, whatever the case, emphasis or numbering of the
    name (`**User 1:**`), and runs, over several lines, to the next. The field becomes a list of `{role, text}`.

    Turns of one speaker in a row are joined, an empty line between: training data must alternate, and no word is
    lost. No turn begins in a code fence, which belongs to the turn around it, unless the whole conversation stands in
    one. Text before the first turn is passed over. Fewer than `min_turns` (2) turns after joining, or a turn without
    text, make the reply unreadable.

    A constrained decoder lets the speakers take turns in the order of their listing, one line each, `min_turns` to
    `max_turns` (6) in all.
    """

    name = "dialogue"
    value_schema: ClassVar[Mapping[str, Any]] = {
        "type": "dict",
        "minlength": 2,
        "valuesrules": {"type": ["string", "list"], "minlength": 1, "schema": {"type": "string"}},
    }
    schema: ClassVar[Mapping[str, Any]] = {
        "into": {"type": "string", "required": True},
        "min_turns": {"type": "integer", "min": 1},
        "max_turns": {"type": "integer", "min": 1},
    }
    examples = (
        ReplyExample(
            {"dialogue": {"user": "User", "assistant": ["Assistant", "AI"]}, "into": "talk"},
            "Here it is:\n\n**User:** Hi.\n**AI:** Hello!\nHow are you?",
            [{"talk": [{"role": "user", "text": "Hi."}, {"role": "assistant", "text": "Hello!\nHow are you?"}]}],
        ),
        ReplyExample({"dialogue": {"user": "User", "assistant": "Assistant"}, "into": "talk"}, "User: Hi.", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if not isinstance(value, Mapping) or len(value) < 2:
            raise OptionsError(
                "a dialogue needs two roles at least", (self.name,), "such as `{user: User, assistant: AI}`"
            )
        speakers = {str(role): _headings(names, (self.name, str(role))) for role, names in value.items()}
        keys = [heading.key for headings in speakers.values() for heading in headings]
        if len(set(keys)) < len(keys):
            raise OptionsError("two speakers have the same name", (self.name,))
        least = checks.count(options, "min_turns", _DEFAULT_MIN_TURNS)
        most = checks.count(options, "max_turns", max(least, _DEFAULT_MAX_TURNS))
        if least > most:
            raise OptionsError("`max_turns` is less than `min_turns`", ("max_turns",))
        return _DialogueReader(checks.into(options, self.name), speakers, least, most)


def _headings(names: Any, path: checks.Path) -> tuple[Wanted, ...]:
    listed = names if isinstance(names, list | tuple) else [names]
    for name in listed:
        if not isinstance(name, str) or not Wanted(name).key.strip(":"):
            raise OptionsError(f"`{name}` cannot be a speaker's name", path)
    if not listed:
        raise OptionsError("a speaker needs a name", path)
    return tuple(Wanted(f"{name.strip().removesuffix(':')}:") for name in listed)


DIALOGUE = _DialogueKind()
