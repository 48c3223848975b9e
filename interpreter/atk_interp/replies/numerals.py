"""Numbers as models write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from atk_interp.expressions.types import FLOAT, INT, Type
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.replies.base import OptionsError, ReplyUnreadable
from atk_interp.replies.cleaning import excerpt
from atk_interp.replies.options import Path, bounds

__all__ = ["Numbers", "numbers"]

_NUMBER = pattern(
    r"""(?<![\w.,])(?<!\w[-−])          # neither inside a word nor the end of a range
        (?P<sign>[+−-]?)
        (?:(?P<grouped>[1-9]\d{0,2}(?:,\d{3})+)(?!\d)|(?P<plain>\d++))
        (?:[.,](?P<decimals>\d++))?+
        (?!\w|[.,]\d)""",
    re.VERBOSE,
)
_RANGE = pattern(r"\s?(?:[-–—]|to)\s?\d")
_OUT_OF = pattern(r"\s*(?:/|out of|von|sur|de)\s*", re.IGNORECASE)
_MOST_DIGITS = 15
_DIGITS_IN_GROUP = 3
"""How many digits stand behind a sign that parts thousands, which in half of the world is a point."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which numbers are wanted.

    Read are `7`, `-7`, `7.5`, `7,5` (a decimal comma), `1,000` and `1,000.5`; `7/10`, `7 out of 10` and `7%` are 7.
    A number written without decimals is whole. Not read: a range (`7-8`), words, more than 15 digits, and, where it
    should be whole, `1.000`, which is a thousand to half of the world.
    """

    whole: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def type(self) -> Type:
        return INT if self.whole else FLOAT

    @property
    def expected(self) -> str:
        noun = "a whole number" if self.whole else "a number"
        if self.low is not None and self.high is not None:
            return f"{noun} from {self.low} to {self.high}"
        if self.low is not None:
            return f"{noun} of at least {self.low}"
        return noun if self.high is None else f"{noun} of at most {self.high}"

    def first(self, line: str, place: str = "") -> int | float:
        """The first number in a text. Raises `ReplyUnreadable`."""
        match = _NUMBER.search(line)
        if match is None:
            raise ReplyUnreadable(f"expected {self.expected}{place}, found {excerpt(line)}")
        return self._value(match, place)

    def only(self, text: str) -> int | float:
        """The number in a text that holds one, however often. Raises `ReplyUnreadable`."""
        found: dict[int | float, str] = {}
        end = -1
        for match in _NUMBER.finditer(text):
            if end < 0 or not _OUT_OF.fullmatch(text, end, match.start()):
                found[self._value(match, "")] = match.group()
            end = match.end()
        if len(found) > 1:
            shown = ", ".join(f"`{written}`" for written in list(found.values())[:3])
            raise ReplyUnreadable(f"expected {self.expected} and no other, found {shown}")
        if not found:
            raise ReplyUnreadable(f"expected {self.expected}, found {excerpt(text)}")
        return next(iter(found))

    def _value(self, match: re.Match[str], place: str) -> int | float:
        written = match.group()
        digits = (match["grouped"] or match["plain"]).replace(",", "")
        decimals = match["decimals"]
        if len(digits) + len(decimals or "") > _MOST_DIGITS or _RANGE.match(match.string, match.end()):
            shown = excerpt(match.string[match.start() : match.end() + 8])
            raise ReplyUnreadable(f"expected {self.expected}{place}, found {shown}")
        sign = -1 if match["sign"] in {"-", "−"} else 1
        value = sign * (float(f"{digits}.{decimals}") if decimals else int(digits))
        may_be_thousands = len(decimals or "") == _DIGITS_IN_GROUP >= len(digits) and digits != "0"
        if self.whole and value == int(value) and not may_be_thousands:
            value = int(value)
        too_low = self.low is not None and value < self.low
        too_high = self.high is not None and value > self.high
        if too_low or too_high or (self.whole and isinstance(value, float)):
            raise ReplyUnreadable(f"expected {self.expected}{place}, found `{written}`")
        return value


def numbers(options: Mapping[str, Any], kind: Any, path: Path, key: str) -> Numbers:
    """Numbers from `min`, `max` and a kind (`int`, `float`, true or None). Raises `OptionsError`."""
    if kind not in (None, True, "int", "float"):
        raise OptionsError(f"`{kind}` is no kind of number", (*path, key), "use `int` or `float`")
    low, high = bounds(options, path)
    return Numbers(kind == "int", low, high)
