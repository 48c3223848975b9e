"""Values of rows as people read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from atk_interp.report.html import Content, Html, excerpt, tag

__all__ = ["count", "duration", "fields", "labelled", "number", "told", "usd", "value"]

_MOST_CHARACTERS = 3_000
_MOST_FIELDS = 40
_SETTING = 300
_SHORT = 60


def number(amount: float) -> str:
    """A number with its thousands apart."""
    return f"{amount:,}" if isinstance(amount, int) else f"{amount:,.6g}"


def usd(amount: float) -> str:
    """Money; small sums to a hundredth of a cent."""
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:,.4f}"


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
    """The fields of a row: long values each below its name, then the short ones side by side."""
    listed = list(pairs)
    shown, beyond = listed[:_MOST_FIELDS], len(listed) - _MOST_FIELDS
    long = [(tag("dt", name), tag("dd", value(given, most))) for name, given in shown if not _is_short(given)]
    short = [tag("div", tag("dt", name), tag("dd", value(given))) for name, given in shown if _is_short(given)]
    short += [tag("div", tag("dt", count(beyond, "more field")))] if beyond > 0 else []
    return tag(
        "div", tag("dl", *long) if long else None, tag("dl", *short, cls="short") if short else None, cls="fields"
    )


def _is_short(given: Any) -> bool:
    return not isinstance(given, dict | list) and len(str(given)) <= _SHORT and "\n" not in str(given)


def told(given: Any) -> str:
    """A setting on one line."""
    shown = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)
    return excerpt(shown, _SETTING)


def labelled(pairs: Mapping[str, Content]) -> Html:
    """Names with what belongs to them, side by side."""
    return tag("dl", *((tag("dt", name), tag("dd", given)) for name, given in pairs.items()), cls="pairs")
