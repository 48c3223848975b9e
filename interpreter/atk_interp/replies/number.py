"""`number`: a number, such as a score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import Type
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.alternatives import first_line
from atk_interp.replies.base import NO_RULES, Cue, Fields, Reader, ReplyExample, ReplyKind, Rules
from atk_interp.replies.grammar import GrammarWriter, literal, number
from atk_interp.replies.numerals import Numbers, numbers
from atk_interp.replies.tolerant import Wanted, after_last, header_cue

__all__ = ["NUMBER"]


@dataclass(frozen=True)
class _NumberReader(Reader):
    field: str
    wanted: Numbers
    header: Wanted | None

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.field: self.wanted.type}

    @property
    def cues(self) -> tuple[Cue, ...]:
        return header_cue(self.field, self.header)

    def _read(self, text: str) -> list[Fields]:
        if self.header is None:
            return [{self.field: self.wanted.only(text)}]
        answer = first_line(after_last(self.header, text))
        return [{self.field: self.wanted.first(answer, f" after `{self.header.shown}`")}]

    def grammar(self, rules: Rules = NO_RULES) -> str | None:
        digits = number(self.wanted)
        if digits is None:
            return None
        return GrammarWriter(rules).text(
            f"{literal(f'{self.header.written.strip()} ')} {digits}" if self.header else digits
        )


class _NumberKind(ReplyKind):
    """A number: `number: score`, with `after`, `min`, `max`, and `type: int` for whole numbers only.

    After the last `after: "Score:"` it is the first number in the first line that holds anything; without `after` the
    reply must hold one number only. `7/10`, `7 out of 10` and `7%` are 7; `1,000` is 1000; `7,5` is 7.5; a number
    without decimals is whole, and with `type: int` so is `7.0`, but not `1.000`, which is a thousand to half of
    the world. A range (`7-8`), a number out of bounds, a number in words and one with two points (`1.000.000`) make the
    reply unreadable.

    A constrained decoder writes the header and a number in bounds with at most two decimals.
    """

    name = "number"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "string", "empty": False}
    schema: ClassVar[Mapping[str, Any]] = {
        "after": {"type": "string"},
        "min": {"type": "number"},
        "max": {"type": "number"},
        "type": {"allowed": ["int", "float"]},
    }
    examples = (
        ReplyExample({"number": "score", "after": "Score:"}, "**Score**: 7/10, as 3 facts are missing", [{"score": 7}]),
        ReplyExample({"number": "score", "min": 0, "max": 1}, "I would say 0.85.", [{"score": 0.85}]),
        ReplyExample({"number": "score", "max": 10}, "11", None),
        ReplyExample({"number": "people", "type": "int"}, "About 1.000 people.", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        wanted = numbers(options, options.get("type"), (), "type")
        return _NumberReader(checks.field_name(value, (self.name,)), wanted, checks.header(options))


NUMBER = _NumberKind()
