"""`regex`: a regular expression with named groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from atk_interp.expressions.regex import Regex, RegexError, RegexMatch, compile_regex
from atk_interp.expressions.types import TEXT, Type, maybe
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.base import Fields, OptionsError, Reader, ReplyExample, ReplyKind, ReplyUnreadable
from atk_interp.replies.cleaning import excerpt

__all__ = ["REGEX"]


@dataclass(frozen=True)
class _RegexReader(Reader):
    regex: Regex
    optional: frozenset[str]
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {name: maybe(TEXT) if name in self.optional else TEXT for name in self.regex.names}

    def _read(self, text: str) -> list[Fields]:
        first = self.regex.search(text)
        if first is None:
            raise ReplyUnreadable(f"expected text that matches `{self.regex.pattern}`, found {excerpt(text)}")
        found = self.regex.findall(text) if self.many else [first]
        return [self._reading(match) for match in found]

    def _reading(self, match: RegexMatch) -> Fields:
        reading: Fields = {}
        for name, value in match.named.items():
            if value is None and name not in self.optional:
                raise ReplyUnreadable(f"expected `{name}` in {excerpt(match.text)}, found nothing")
            reading[name] = None if value is None else value.strip()
        return reading


class _RegexKind(ReplyKind):
    """What the named groups of a regular expression match: `regex: "Final label: (?P<label>\\\\w+)"`.

    RE2 syntax, linear time: no look-around, no back-references; `(?i)`, `(?s)`, `(?m)` at its beginning change its
    meaning. It may match anywhere and the first match counts; with `many: true` each match is one reading. A group
    that takes no part in the match is null if it is listed under `optional: [name]`, and otherwise makes the reply
    unreadable. Text is stripped and may be empty.

    Nothing is constrained: a regular expression says what to look for, not what a whole reply looks like.
    """

    name = "regex"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "string", "empty": False}
    schema: ClassVar[Mapping[str, Any]] = {"optional": {"type": "list", "schema": {"type": "string"}}}
    takes_many = True
    examples = (
        ReplyExample({"regex": r"Final label: (?P<label>\w+)"}, "Well.\nFinal label: spam.", [{"label": "spam"}]),
        ReplyExample(
            {"regex": r"(?P<name>\w+)=(?P<value>\w+)?", "many": True, "optional": ["value"]},
            "a=1 b=",
            [{"name": "a", "value": "1"}, {"name": "b", "value": None}],
        ),
        ReplyExample({"regex": r"label: (?P<label>\w+)"}, "none", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if not isinstance(value, str):
            raise OptionsError("`regex` must be text", (self.name,), "put it in quotes")
        if "\b" in value:
            help = r"write the pattern in single quotes, or `\\b` for a word boundary"
            raise OptionsError(r"`\b` is a backspace character in double quotes", (self.name,), help)
        try:
            regex = compile_regex(value)
        except RegexError as error:
            raise OptionsError(f"the regular expression cannot be read: {error.message}", (self.name,)) from None
        if not regex.names:
            raise OptionsError("the regular expression has no named group", (self.name,), "write `(?P<name>…)`")
        for name in regex.names:
            checks.field_name(name, (self.name,))
        return _RegexReader(regex, _optional(options.get("optional", ()), regex.names), bool(options.get("many")))


def _optional(value: Any, names: Sequence[str]) -> frozenset[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise OptionsError("`optional` must be a list of groups", ("optional",))
    for index, name in enumerate(value):
        if name not in names:
            raise OptionsError(f"the regular expression has no group `{name}`", ("optional", index))
    return frozenset(value)


REGEX = _RegexKind()
