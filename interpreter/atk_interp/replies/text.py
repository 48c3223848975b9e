"""`text`: the whole reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import TEXT, Type
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.base import (
    NO_RULES,
    Fields,
    OptionsError,
    Reader,
    ReplyExample,
    ReplyKind,
    ReplyUnreadable,
    Rules,
)
from atk_interp.replies.grammar import GrammarWriter

__all__ = ["TEXT_REPLY"]


@dataclass(frozen=True)
class _TextReader(Reader):
    field: str

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.field: TEXT}

    def _read(self, text: str) -> list[Fields]:
        stripped = text.strip()
        if not stripped:
            raise ReplyUnreadable("expected text, found nothing")
        return [{self.field: stripped}]

    def grammar(self, rules: Rules = NO_RULES) -> str:
        writer = GrammarWriter(rules)
        return writer.text(writer.hole(self.field))


class _TextKind(ReplyKind):
    """The whole reply, stripped: `text: summary`, or `{text: true, into: summary}`.

    An empty reply is unreadable. A constrained decoder writes one line.
    """

    name = "text"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "boolean"]}
    schema: ClassVar[Mapping[str, Any]] = {"into": {"type": "string"}}
    examples = (
        ReplyExample(
            {"text": "summary"}, "  Two lines,\nkept as they are.\n", [{"summary": "Two lines,\nkept as they are."}]
        ),
        ReplyExample({"text": True, "into": "summary"}, "Short.", [{"summary": "Short."}]),
        ReplyExample({"text": "summary"}, " \n", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if value is True:
            return _TextReader(checks.into(options, self.name))
        if value is False:
            raise OptionsError("`text` takes the name of a field", (self.name,), "write `text: NAME`")
        if "into" in options:
            raise OptionsError("the field is named twice", ("into",), "write `text: NAME` alone")
        return _TextReader(checks.field_name(value, (self.name,)))


TEXT_REPLY = _TextKind()
