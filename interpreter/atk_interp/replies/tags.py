"""`tags`: several fields of one reply, each in a tag of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from atk_interp.expressions.types import Type
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.base import (
    NO_RULES,
    Cue,
    CueForm,
    Fields,
    OptionsError,
    Reader,
    ReplyExample,
    ReplyKind,
    ReplyUnreadable,
    Rules,
)
from atk_interp.replies.grammar import GrammarWriter, literal, repeated
from atk_interp.replies.markup import Element, elements, tag_problem
from atk_interp.replies.parts import PART_RULES, Part, part

__all__ = ["TAGS"]

_DEFAULT_MAX_ITEMS = 3


@dataclass(frozen=True)
class _TagsReader(Reader):
    tags: tuple[Part, ...]
    max_items: int
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {tag.name: tag.type for tag in self.tags}

    @property
    def cues(self) -> tuple[Cue, ...]:
        names = [Cue(tag.name, tag.name, CueForm.TAG, tag.optional) for tag in self.tags]
        return (*names, *(cue for tag in self.tags for cue in tag.cues()))

    def _read(self, text: str) -> list[Fields]:
        found = elements(text, [tag.name for tag in self.tags])
        if not self.many:
            return [self._reading({element.name: element for element in found}, text, "")]
        groups = self._groups(found)
        if not groups:
            raise ReplyUnreadable(tag_problem(text, next(tag.name for tag in self.tags if not tag.optional)))
        return [self._reading(group, text, f" of group {number}") for number, group in enumerate(groups, 1)]

    def _reading(self, group: Mapping[str, Element], text: str, where: str) -> Fields:
        reading: Fields = {}
        for tag in self.tags:
            element = group.get(tag.name.lower())
            if element is not None:
                reading[tag.name] = tag.value(element.content, f" in `<{tag.name}>`{where}")
            elif tag.optional:
                reading[tag.name] = None
            else:
                raise ReplyUnreadable(f"{tag_problem('' if where else text, tag.name)}{where}")
        return reading

    def _groups(self, found: Sequence[Element]) -> list[dict[str, Element]]:
        """A group ends where a tag comes again, or once it is complete where one comes that is listed earlier."""
        order = {tag.name.lower(): index for index, tag in enumerate(self.tags)}
        required = {tag.name.lower() for tag in self.tags if not tag.optional}
        groups: list[dict[str, Element]] = []
        last = ""
        for element in found:
            name = element.name
            is_new = not groups or name in groups[-1]
            if is_new or (required <= groups[-1].keys() and order[name] < order[last]):
                groups.append({})
            groups[-1][name] = element
            last = name
        return groups

    def grammar(self, rules: Rules = NO_RULES) -> str | None:
        writer = GrammarWriter(rules)
        pieces: list[str] = []
        first = next(index for index, tag in enumerate(self.tags) if not tag.optional)
        for index, tag in enumerate(self.tags):
            content = tag.grammar(writer, excluded="<")
            if content is None:
                return None
            before, behind = ("\n" if index > first else ""), ("\n" if index < first else "")
            piece = f"{literal(f'{before}<{tag.name}>')} {content} {literal(f'</{tag.name}>{behind}')}"
            pieces.append(f"({piece})?" if tag.optional else piece)
        body = " ".join(pieces)
        return writer.text(repeated(writer.rule("group", body), "\n\n", 1, self.max_items) if self.many else body)


class _TagsKind(ReplyKind):
    """Several fields, each in `<field>…</field>`.

    ```yaml
    parse:
      tags:
        verdict: {choice: [pass, reword, fail]}
        score: {number: int, min: 1, max: 10}
        reason: {}
        new_question: {optional: true}
    ```

    or, when all are required text, `tags: [question, answer]`. Upper and lower case, attributes, and the order of the
    tags do not matter; the last complete tag of each name counts. `choice` is read as in the parser `choice`, `number`
    (true, `int` or `float`, with `min` and `max`) as in `number`. An optional field that is missing or empty is null; a
    required one makes the reply unreadable.

    With `many: true` groups of the tags follow each other: a new one begins where a tag comes again.

    A constrained decoder writes the tags in their order, one line each; with `many` one to `max_items` (3) groups.
    """

    name = "tags"
    value_schema: ClassVar[Mapping[str, Any]] = {
        "type": ["list", "dict"],
        "minlength": 1,
        "anyof": [
            {"type": "list", "schema": {"type": "string"}},
            {"type": "dict", "valuesrules": {"type": "dict", "nullable": True, "schema": dict(PART_RULES)}},
        ],
    }
    schema: ClassVar[Mapping[str, Any]] = {"max_items": {"type": "integer", "min": 1}}
    takes_many = True
    examples = (
        ReplyExample(
            {"tags": {"verdict": {"choice": ["pass", "fail"]}, "note": {"optional": True}}},
            "<verdict> **Pass** </verdict>",
            [{"verdict": "pass", "note": None}],
        ),
        ReplyExample(
            {"tags": ["question", "answer"], "many": True},
            "<question>A?</question><answer>B.</answer>\n<question>C?</question><answer>D.</answer>",
            [{"question": "A?", "answer": "B."}, {"question": "C?", "answer": "D."}],
        ),
        ReplyExample({"tags": ["question", "answer"]}, "<question>A?</question>", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if isinstance(value, Mapping):
            tags = [part(name, rules or {}, (self.name, str(name)), "tag", {}) for name, rules in value.items()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            tags = [Part(checks.field_name(name, (self.name, index))) for index, name in enumerate(value)]
        else:
            raise OptionsError("expected a list of fields, or fields with their rules", (self.name,))
        lowered = [tag.name.lower() for tag in tags]
        if len(set(lowered)) < len(lowered):
            raise OptionsError("two tags have the same name", (self.name,))
        if all(tag.optional for tag in tags):
            raise OptionsError("one tag at least must not be optional", (self.name,))
        most = checks.count(options, "max_items", _DEFAULT_MAX_ITEMS)
        return _TagsReader(tuple(tags), most, bool(options.get("many")))


TAGS = _TagsKind()
