"""`tag`: the content of one XML-like tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import TEXT, Type
from atk_interp.patterns import pattern
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
from atk_interp.replies.cleaning import excerpt
from atk_interp.replies.grammar import GrammarWriter, literal, repeated
from atk_interp.replies.markup import elements, tag_problem

__all__ = ["TAG"]

_NAME = pattern(r"[^\W\d][\w.:-]*")
_DEFAULT_MAX_ITEMS = 3


@dataclass(frozen=True)
class _TagReader(Reader):
    tag: str
    field: str
    max_items: int
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.field: TEXT}

    @property
    def cues(self) -> tuple[Cue, ...]:
        return (Cue(self.field, self.tag, CueForm.TAG),)

    def _read(self, text: str) -> list[Fields]:
        found = elements(text, [self.tag])
        if not found:
            raise ReplyUnreadable(f"{tag_problem(text, self.tag)} in {excerpt(text)}")
        wanted = found if self.many else found[-1:]
        if not all(element.content for element in wanted):
            raise ReplyUnreadable(f"expected text in `<{self.tag}>`, found nothing")
        return [{self.field: element.content} for element in wanted]

    def grammar(self, rules: Rules = NO_RULES) -> str:
        writer = GrammarWriter(rules)
        body = f"{literal(f'<{self.tag}>')} {writer.hole(self.field, excluded='<')} {literal(f'</{self.tag}>')}"
        return writer.text(repeated(writer.rule("element", body), "\n", 1, self.max_items) if self.many else body)


class _TagKind(ReplyKind):
    """The content of `<name>…</name>`: `tag: question` fills the field `question`, `into:` names another.

    Upper and lower case and attributes do not matter; all around the tag is passed over. The last complete tag
    counts; with `many: true` each is one reading. An empty tag, or one that is never closed, makes the reply
    unreadable.

    A constrained decoder writes the tag with one line in it, and with `many` one to `max_items` (3) of them.
    """

    name = "tag"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "string", "empty": False}
    schema: ClassVar[Mapping[str, Any]] = {"into": {"type": "string"}, "max_items": {"type": "integer", "min": 1}}
    takes_many = True
    examples = (
        ReplyExample(
            {"tag": "poem"}, "A draft: <poem>x</poem>. Better:\n<poem>\nRoses.\n</poem>", [{"poem": "Roses."}]
        ),
        ReplyExample(
            {"tag": "fact", "into": "claim", "many": True},
            "<fact>A</fact> <FACT n='2'>B</FACT>",
            [{"claim": "A"}, {"claim": "B"}],
        ),
        ReplyExample({"tag": "poem"}, "<poem>Roses are", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise OptionsError(f"`{value}` cannot be a tag", (self.name,), "write its name alone, without `<` and `>`")
        field = checks.into(options, self.name) if "into" in options else checks.field_name(value, (self.name,))
        most = checks.count(options, "max_items", _DEFAULT_MAX_ITEMS)
        return _TagReader(value, field, most, bool(options.get("many")))


TAG = _TagKind()
