"""`list`: the items of a numbered or bulleted list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import TEXT, ListType, Type
from atk_interp.fences import Fence, fences, standing
from atk_interp.patterns import pattern
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
from atk_interp.replies.cleaning import excerpt, tidy, without_wrapping_emphasis
from atk_interp.replies.grammar import GrammarWriter, repeated

__all__ = ["LIST"]

_MARKER = pattern(
    r"""(?P<indent>[ \t]*+)
        (?:(?P<bullet>[-+•‣▪*–])
          |(?P<opened>\*\*)?+(?:(?P<number>\(?\d{1,3}[.)])|(?P<letter>\(?[A-Za-z]\)))(?P<closed>\*\*)?+)
        (?:[ \t]++(?P<text>.*+))?+""",
    re.VERBOSE | re.DOTALL,
)
_DEEPER = 2
_DEFAULT_MAX_ITEMS = 5


@dataclass(frozen=True)
class _ListReader(Reader):
    field: str
    min_items: int
    max_items: int
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.field: TEXT if self.many else ListType(TEXT)}

    def _read(self, text: str) -> list[Fields]:
        _, found = standing(text, _items)
        if not found:
            raise ReplyUnreadable(f"expected a numbered or bulleted list, found {excerpt(text)}")
        if not all(found):
            raise ReplyUnreadable(f"expected text in every item of the list, item {found.index('') + 1} is empty")
        if len(found) < self.min_items:
            raise ReplyUnreadable(f"expected a list of {self.min_items} items at least, found {len(found)}")
        return [{self.field: item} for item in found] if self.many else [{self.field: list(found)}]

    def grammar(self, rules: Rules = NO_RULES) -> str:
        writer = GrammarWriter(rules)
        item = writer.rule("item", f'"- " {writer.hole(self.field)}')
        return writer.text(repeated(item, "\n", self.min_items, max(self.min_items, self.max_items)))


def _items(text: str) -> list[str]:
    """The items of the lists in a text. The first marker says how items are marked and how far they are indented."""
    found: list[list[str]] = []
    first: re.Match[str] | None = None
    is_open = False  # whether lines that are not indented still belong to the last item
    is_over = False  # whether text has been passed over since
    is_kept = False  # whether the fence that is open belongs to the last item
    for line, opens, within in _lines(text):
        if within is not None:
            if is_kept:
                found[-1].append(_dedented(line, within.indent))
            continue
        marker = _MARKER.fullmatch(line)
        is_kept = True
        if marker and (first is None or _is_sibling(marker, first)):
            first = first or marker
            found.append([_item_text(marker)])
            is_open, is_over = True, False
        elif not line.strip():
            is_open = False
        elif found and (is_open or marker or line[0] in " \t"):
            found[-1].append(line.strip())
            is_open = True
        elif found and opens is not None and not opens.indent and not is_over:
            found[-1].append(line.strip())
        else:
            is_kept, is_over = False, True
    return [without_wrapping_emphasis(tidy("\n".join(lines))) for lines in found]


def _lines(text: str) -> Iterator[tuple[str, Fence | None, Fence | None]]:
    """The lines, each with the fence that it opens and the fence that it stands in."""
    ahead = iter(fences(text))
    block = next(ahead, None)
    at = 0
    for line, whole in zip(text.splitlines(), text.splitlines(keepends=True), strict=True):
        while block is not None and block.end <= at:
            block = next(ahead, None)
        is_within = block is not None and block.start < at
        opens = block is not None and at <= block.start < at + len(whole)
        yield line, block if opens else None, block if is_within else None
        at += len(whole)


def _dedented(line: str, indent: int) -> str:
    """A line of a fence without the indentation of the fence."""
    space = len(line) - len(line.lstrip(" \t"))
    return line[min(space, indent) :]


def _is_sibling(marker: re.Match[str], first: re.Match[str]) -> bool:
    return _style(marker) == _style(first) and len(marker["indent"]) < len(first["indent"]) + _DEEPER


def _style(marker: re.Match[str]) -> str:
    return "bullet" if marker["bullet"] else "number" if marker["number"] else "letter"


def _item_text(marker: re.Match[str]) -> str:
    text = (marker["text"] or "").strip()
    return text.removesuffix("**") if marker["opened"] and not marker["closed"] else text


class _ListKind(ReplyKind):
    """The items of a list: `list: facts` makes a list of text, with `many: true` one reading for each item.

    Items begin with `-`, `*`, `+`, `•`, a number (`1.`, `1)`, `(1)`) or a letter (`a)`). The first marker of the reply
    decides: lines with another kind of marker, or indented deeper, belong to the item above them, as do lines that go
    on without a marker. A code fence belongs to the item above it as it is, and nothing in it is an item, unless the
    whole list stands in a fence. Text before the list, and after it behind an empty line, is passed over. Emphasis
    round a whole item goes, but not the underscores of a name such as `__init__`. Fewer than `min_items` (1), or an
    item without text, make the reply unreadable.

    A constrained decoder writes `min_items` to `max_items` (5) items, a line and a hyphen each.
    """

    name = "list"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "string", "empty": False}
    schema: ClassVar[Mapping[str, Any]] = {
        "min_items": {"type": "integer", "min": 1},
        "max_items": {"type": "integer", "min": 1},
    }
    takes_many = True
    examples = (
        ReplyExample(
            {"list": "facts"},
            "Here are the facts:\n\n1. **Ice** floats.\n   - It is lighter.\n2. Iron sinks.\n\nAnything else?",
            [{"facts": ["**Ice** floats.\n- It is lighter.", "Iron sinks."]}],
        ),
        ReplyExample({"list": "fact", "many": True}, "- A\n- B", [{"fact": "A"}, {"fact": "B"}]),
        ReplyExample({"list": "facts", "min_items": 3}, "- A\n- B", None),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        field = checks.field_name(value, (self.name,))
        least, most = checks.count(options, "min_items", 1), checks.count(options, "max_items", _DEFAULT_MAX_ITEMS)
        if "max_items" in options and least > most:
            raise OptionsError("`max_items` is less than `min_items`", ("max_items",))
        return _ListReader(field, least, most, bool(options.get("many")))


LIST = _ListKind()
