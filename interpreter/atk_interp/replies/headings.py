"""`headings`: the sections of a reply, each under a heading of its own."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from atk_interp.expressions.types import Type
from atk_interp.fences import fences, outside, standing
from atk_interp.patterns import pattern
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
from atk_interp.replies.cleaning import excerpt, tidy
from atk_interp.replies.grammar import GrammarWriter, literal, repeated
from atk_interp.replies.parts import PART_RULES, Part, part
from atk_interp.replies.tolerant import Found, Skeleton, Wanted

__all__ = ["HEADINGS"]

_DEFAULT_MAX_ITEMS = 3
_HEADING: Mapping[str, Any] = {
    "heading": {"type": "string", "meta": {"help": "The words of the heading; the name of the field if not said."}}
}

_AFTER_HEADING = pattern(
    r"(?:[ \t]*\(?\d{1,3}\)?\.?)?[ \t]*[*_]*[ \t]*(?:[:：][ \t]*[*_]*[ \t]*|(?=\n|\Z)|#+[ \t]*(?=\n|\Z))"
)
"""What makes words at the beginning of a line a heading: a colon behind them, or the end of the line; also numbered."""
_UNDERLINE = pattern(r"[ \t]*\n[ ]{0,3}(?:=+|-+)[ \t]*(?=\n|\Z)")
_MARKS = pattern(r"[ \t>]*(#{1,6})[ \t]")
_MARKED_LINE = pattern(r"(?m)^[ ]{0,3}(#{1,6})[ \t]+\S")


@dataclass(frozen=True)
class _Section:
    """One field and its heading."""

    part: Part
    heading: Wanted

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def optional(self) -> bool:
        return self.part.optional


@dataclass(frozen=True)
class _Opening:
    """Where a section begins: the heading from `start`, the text from `text`. `level`: how many `#` the line has."""

    section: _Section
    start: int
    text: int
    level: int


@dataclass(frozen=True)
class _HeadingsReader(Reader):
    sections: tuple[_Section, ...]
    max_items: int
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {section.name: section.part.type for section in self.sections}

    @property
    def cues(self) -> tuple[Cue, ...]:
        found = [Cue(section.name, section.heading.written, optional=section.optional) for section in self.sections]
        return (*found, *(cue for section in self.sections for cue in section.part.cues()))

    def _read(self, text: str) -> list[Fields]:
        text, openings = standing(text, self._openings)
        contents = _contents(text, openings)
        found = [(opening.section, content) for opening, content in zip(openings, contents, strict=True)]
        if not self.many:
            # An empty one may be an outline before the sections themselves, or cut off behind them.
            said = {section.name: content for section, content in found if content}
            return [self._reading({**{section.name: "" for section, _ in found}, **said}, text, "")]
        groups = self._groups(found)
        if not groups:
            raise self._missing(next(section for section in self.sections if not section.optional), text)
        return [self._reading(group, text, f" in group {number}") for number, group in enumerate(groups, 1)]

    def _openings(self, text: str) -> list[_Opening]:
        skeleton = Skeleton(text)
        found = []
        for section in self.sections:
            for place in skeleton.find(section.heading):
                after = _AFTER_HEADING.match(text, place.end) if place.at_line_start else None
                if after is not None:
                    found.append(_Opening(section, place.start, after.end(), _level(text, place)))
        found.sort(key=lambda opening: (opening.start, -opening.text))
        found = outside(found, lambda opening: opening.start, fences(text))
        return [each for at, each in enumerate(found) if not at or each.start >= found[at - 1].text]

    def _reading(self, said: Mapping[str, str], text: str, where: str) -> Fields:
        reading: Fields = {}
        for section in self.sections:
            if section.name in said:
                place = f" under `{section.heading.shown}`{where}"
                reading[section.name] = section.part.value(said[section.name], place)
            elif section.optional:
                reading[section.name] = None
            else:
                raise self._missing(section, "" if where else text, where)
        return reading

    def _missing(self, section: _Section, text: str, where: str = "") -> ReplyUnreadable:
        return ReplyUnreadable(f"expected the heading `{section.heading.shown}`{where}, found {excerpt(text)}")

    def _groups(self, found: Sequence[tuple[_Section, str]]) -> list[dict[str, str]]:
        """A new group begins where a heading comes again."""
        groups: list[dict[str, str]] = []
        for section, content in found:
            if not groups or section.name in groups[-1]:
                groups.append({})
            groups[-1][section.name] = content
        return groups

    def grammar(self, rules: Rules = NO_RULES) -> str | None:
        writer = GrammarWriter(rules)
        pieces: list[str] = []
        first = next(index for index, section in enumerate(self.sections) if not section.optional)
        for index, section in enumerate(self.sections):
            content = section.part.grammar(writer)
            if content is None:
                return None
            before, behind = ("\n\n" if index > first else ""), ("\n\n" if index < first else "")
            head = f"{before}## {section.heading.shown}\n"
            piece = f"{literal(head)} {content}"
            piece = f"{piece} {literal(behind)}" if behind else piece
            pieces.append(f"({piece})?" if section.optional else piece)
        body = " ".join(pieces)
        return writer.text(repeated(writer.rule("group", body), "\n\n", 1, self.max_items) if self.many else body)


def _contents(text: str, openings: Sequence[_Opening]) -> list[str]:
    """What stands under each heading: up to the next one, or one that nobody asked for of the same rank."""
    marked = outside(_MARKED_LINE.finditer(text), re.Match.start, fences(text))
    starts = [line.start() for line in marked]
    contents = []
    for opening, following in zip(openings, (*(each.start for each in openings), len(text))[1:], strict=True):
        end = following
        for line in marked[bisect(starts, opening.text - 1) : bisect(starts, end - 1)] if opening.level else ():
            if len(line[1]) <= opening.level:
                end = line.start()
                break
        underline = _UNDERLINE.match(text, opening.text, end)
        contents.append(tidy(text[underline.end() if underline else opening.text : end]))
    return contents


def _level(text: str, place: Found) -> int:
    marks = _MARKS.match(text, place.start)
    return len(marks[1]) if marks else 0


class _HeadingsKind(ReplyKind):
    """Several fields, each the section under a heading.

    ```yaml
    parse:
      headings:
        summary: {}
        key_points: {heading: Key Points}
        rating: {choice: [poor, good, excellent]}
        notes: {optional: true}
    ```

    or, when all are required text under headings of their own names, `headings: [summary, key_points]`. A heading
    stands at the beginning of a line, with a colon behind it or nothing else in the line; marks (`#`, `**`), numbers
    before or behind it, upper and lower case do not matter. A section runs to the next of these headings, or to another
    heading with as many `#` or fewer; nothing in a code fence is a heading, unless all of them are. Text before the
    first heading is passed over; of a heading that comes twice the last section with text counts. `choice` is read as
    in the parser `choice`, `number` as in `number`. A section that is missing or empty is null if it is optional, and
    else makes the reply unreadable.

    With `many: true` groups of the headings follow each other: a new one begins where a heading comes again.

    A constrained decoder writes the headings in their order after `##`, with one line under each; with `many` one to
    `max_items` (3) groups.
    """

    name = "headings"
    value_schema: ClassVar[Mapping[str, Any]] = {
        "type": ["list", "dict"],
        "minlength": 1,
        "anyof": [
            {"type": "list", "schema": {"type": "string"}},
            {"type": "dict", "valuesrules": {"type": "dict", "nullable": True, "schema": {**_HEADING, **PART_RULES}}},
        ],
    }
    schema: ClassVar[Mapping[str, Any]] = {"max_items": {"type": "integer", "min": 1}}
    takes_many = True
    examples = (
        ReplyExample(
            {"headings": {"summary": {}, "rating": {"choice": ["poor", "good"]}}},
            "Of course.\n\n**Summary**\nTides rise and fall.\n\n**Rating:** Good, as it is short.",
            [{"summary": "Tides rise and fall.", "rating": "good"}],
        ),
        ReplyExample({"headings": ["summary", "rating"]}, "**Summary**\nTides rise and fall.", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        listed = dict.fromkeys(value) if isinstance(value, list | tuple) else value
        if not isinstance(listed, Mapping) or not listed:
            raise OptionsError("expected the fields with their headings", (self.name,), "such as `[summary, notes]`")
        sections = tuple(_section(name, rules or {}, (self.name, str(name))) for name, rules in listed.items())
        if all(section.optional for section in sections):
            raise OptionsError("every section is optional, so any reply would do", (self.name,), "require one of them")
        keys = [section.heading.key for section in sections]
        if len(set(keys)) < len(keys):
            raise OptionsError("two fields have the same heading", (self.name,))
        return _HeadingsReader(
            sections, checks.count(options, "max_items", _DEFAULT_MAX_ITEMS), bool(options.get("many"))
        )


def _section(name: Any, rules: Any, path: checks.Path) -> _Section:
    found = part(name, rules, path, "section", _HEADING)
    heading = Wanted(str(rules.get("heading") or found.name.replace("_", " ")).rstrip(" :"))
    if not heading.key:
        raise OptionsError("the heading holds no words to look for", (*path, "heading"))
    return _Section(found, heading)


HEADINGS = _HeadingsKind()
