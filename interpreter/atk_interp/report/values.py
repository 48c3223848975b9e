"""Values of rows as people read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from atk_interp.report.html import Content, Html, excerpt, tag

__all__ = ["count", "duration", "fields", "labelled", "number", "told", "value"]

_MOST_CHARACTERS = 3_000
_MOST_FIELDS = 40
_SHORT = 100


def number(amount: float) -> str:
    """A number with its thousands apart."""
    return f"{amount:,}" if isinstance(amount, int) else f"{amount:,.6g}"


def count(amount: int, what: str) -> str:
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


def duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def value(given: Any, most: int = _MOST_CHARACTERS) -> Html:
    """One value: text as it is, all else as JSON."""
    if isinstance(given, str):
        return tag("div", excerpt(given, most), cls="text")
    shown = json.dumps(given, ensure_ascii=False, indent=2 if isinstance(given, dict | list) else None, default=str)
    return tag("code", excerpt(shown, most), cls="json")


def fields(pairs: Iterable[tuple[str, Any]], most: int = _MOST_CHARACTERS) -> Html:
    """The fields of a row, each below its name."""
    listed = list(pairs)
    parts: list[Content] = [(tag("dt", name), tag("dd", value(given, most))) for name, given in listed[:_MOST_FIELDS]]
    more = count(len(listed) - _MOST_FIELDS, "more field") if len(listed) > _MOST_FIELDS else None
    return tag("dl", *parts, tag("dd", more) if more else None, cls="fields")


def told(given: Any) -> str:
    """A setting on one line."""
    shown = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)
    return excerpt(shown, _SHORT * 3)


def labelled(pairs: Mapping[str, Content]) -> Html:
    """Names with what belongs to them, side by side."""
    return tag("dl", *((tag("dt", name), tag("dd", given)) for name, given in pairs.items()), cls="pairs")
