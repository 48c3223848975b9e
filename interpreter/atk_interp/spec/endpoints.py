"""What must hold among the endpoints of a config: addresses that are listed once, fallbacks that lead somewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atk_interp.diagnostics import Label, Sink, did_you_mean
from atk_interp.document import Document, Path
from atk_interp.spec import codes

__all__ = ["check_addresses", "check_fallbacks"]


def check_addresses(document: Document, path: Path, addresses: Sequence[str], sink: Sink) -> None:
    """Report addresses that a list has twice, however they are written."""
    seen: dict[str, int] = {}
    for index, address in enumerate(addresses):
        plain = address.rstrip("/").lower()
        if plain in seen:
            sink.report(
                codes.ADDRESS_TWICE,
                document.span((*path, index)),
                f"`{address}` is listed twice",
                labels=[Label(document.span((*path, seen[plain])), "first listed here")],
                help="remove one; `concurrency` says how many calls an address gets at a time",
            )
        seen.setdefault(plain, index)


def check_fallbacks(document: Document, entries: Mapping[str, Any], sink: Sink) -> None:
    """Report fallbacks that no entry of `models` has the name of, and those that lead back to where they began."""
    leads = {
        name: data["fallback"]
        for name, data in entries.items()
        if isinstance(data, dict) and isinstance(data.get("fallback"), str)
    }
    told: set[str] = set()
    for name, fallback in leads.items():
        span = document.span(("models", name, "fallback"))
        if fallback not in entries:
            others = [other for other in entries if other != name]
            sink.report(
                codes.UNKNOWN_FALLBACK,
                span,
                f"there is no `{fallback}` under `models`",
                notes=[f"entries are {_listed(others)}"] if others else (),
                help=did_you_mean(fallback, others)
                or f"add `{fallback}:` under `models`, with its `model` and `base_url`",
            )
            continue
        circle = _circle(name, leads)
        if circle and not told & set(circle):
            told |= set(circle)
            sink.report(
                codes.CIRCULAR_FALLBACK,
                span,
                f"`{name}` would be the fallback of itself: {' → '.join(f'`{part}`' for part in (*circle, name))}"
                if len(circle) > 1
                else f"`{name}` is the fallback of itself",
                help="leave the `fallback` of the last one out",
            )


def _circle(name: str, leads: Mapping[str, str]) -> list[str]:
    """The names that lead from one back to it; none where its fallbacks end, or go round without it."""
    found = [name]
    while (following := leads.get(found[-1])) is not None:
        if following == name:
            return found
        if following in found:
            return []
        found.append(following)
    return []


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
