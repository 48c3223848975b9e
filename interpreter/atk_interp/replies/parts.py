"""One field of a reply that stands in a part of its own, and how what stands there is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.expressions.types import TEXT, Type, maybe
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.alternatives import CHOICES, Alternatives, alternatives, first_line
from atk_interp.replies.base import Cue, OptionsError, ReplyUnreadable
from atk_interp.replies.grammar import GrammarWriter, any_of, number
from atk_interp.replies.numerals import Numbers, numbers
from atk_interp.values import Value

__all__ = ["PART_RULES", "Part", "part"]

PART_RULES: Mapping[str, Any] = {
    "optional": {"type": "boolean", "meta": {"help": "Whether it may be missing or empty; it is none then."}},
    "choice": {**CHOICES, "meta": {"help": "The words of which it holds one."}},
    "number": {"allowed": [True, "int", "float"], "meta": {"help": "Read a number; `int` for whole numbers only."}},
    "min": {"type": "number", "meta": {"help": "The least number."}},
    "max": {"type": "number", "meta": {"help": "The greatest number."}},
}
"""Cerberus rules of the mapping under the name of a field."""


@dataclass(frozen=True)
class Part:
    """One field: `content` says how what stands in its part is read (None: as text)."""

    name: str
    optional: bool = False
    content: Alternatives | Numbers | None = None

    @property
    def type(self) -> Type:
        inner = TEXT if self.content is None else self.content.type
        return maybe(inner) if self.optional else inner

    def value(self, content: str, place: str) -> Value:
        """The value of the field; `place` is said in the message (" in `<note>`"). Raises `ReplyUnreadable`."""
        if not content:
            if self.optional:
                return None
            raise ReplyUnreadable(f"expected text{place}, found nothing")
        match self.content:
            case Alternatives():
                return self.content.in_line(first_line(content), place)
            case Numbers():
                return self.content.first(content, place)
        return content

    def cues(self) -> tuple[Cue, ...]:
        """The words of its choice, if it is one."""
        is_choice = isinstance(self.content, Alternatives)
        return self.content.cues(self.name, optional=self.optional) if is_choice else ()  # type: ignore[union-attr]

    def grammar(self, writer: GrammarWriter, excluded: str = "") -> str | None:
        """What may stand in its part, text without the `excluded` characters; None when no grammar can hold it."""
        match self.content:
            case Alternatives():
                return any_of(self.content.values)
            case Numbers():
                return number(self.content)
        return writer.hole(self.name, excluded=excluded)


def part(name: Any, rules: Any, path: checks.Path, what: str, more: Mapping[str, Any]) -> Part:
    """A part from the mapping under its name; `more` are rules that it may have beside. Raises `OptionsError`."""
    checks.field_name(name, path)
    if not isinstance(rules, Mapping):
        raise OptionsError(f"the rules of `{name}` must be a mapping", path, f"such as `{name}: {{optional: true}}`")
    unknown = next((key for key in rules if key not in PART_RULES and key not in more), None)
    if unknown is not None:
        told = f"unknown rule `{unknown}` of a {what}"
        raise OptionsError(told, (*path, unknown), f"there are {', '.join((*more, *PART_RULES))}", is_key=True)
    if "choice" in rules and "number" in rules:
        raise OptionsError(f"`{name}` cannot be a choice and a number", path)
    if "number" not in rules and ("min" in rules or "max" in rules):
        raise OptionsError("`min` and `max` need `number`", path, "add `number: true`")
    content: Alternatives | Numbers | None = None
    if "choice" in rules:
        content = alternatives(rules["choice"], (*path, "choice"))
    elif rules.get("number"):
        content = numbers(rules, rules["number"], path, "number")
    return Part(name, checks.flag(rules, "optional", path), content)
