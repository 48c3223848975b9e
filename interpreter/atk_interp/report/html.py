"""HTML that cannot be forged: whatever is not made by `tag` is text, and is escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TypeAlias

from atk_interp.printable import printable

__all__ = ["Content", "Html", "document", "excerpt", "prose", "tag", "text"]

_VOID = frozenset(["br", "hr", "meta", "rect", "path"])
_PICTURES = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"} | {127: "\u2421"}
"""Control characters have pictures in Unicode; as they are, HTML does not take them."""


class Html(str):
    """Text that is HTML. Only `tag` and `document` make it."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content] | None"
"""What may stand in an element: text, HTML, nothing, or several of these."""


def text(value: str) -> Html:
    """Text, escaped; HTML as it is."""
    if isinstance(value, Html):
        return value
    clean = printable(value.translate(_PICTURES)).encode("utf-8", "replace").decode("utf-8")
    return Html(html.escape(clean, quote=True))


def tag(name: str, /, *content: Content, **attributes: str | int | float | bool) -> Html:
    """An element. `cls` is its class; an attribute that is true has no value, and one that is false is not there.

    Underscores in the names of attributes stand for hyphens.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    if name in _VOID:
        return Html(f"<{name}{written}>" if name in ("br", "hr", "meta") else f"<{name}{written}/>")
    return Html(f"<{name}{written}>{''.join(_flat(content))}</{name}>")


def _attribute(key: str, value: str | int | float | bool) -> str:
    name = "class" if key == "cls" else key.replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'


def _flat(content: Content) -> Iterable[str]:
    if content is None:
        return
    if isinstance(content, str):
        yield text(content)
        return
    for part in content:
        yield from _flat(part)


def prose(sentence: str) -> Content:
    """A sentence, with the words between backticks as code."""
    parts = re.split(r"`([^`]+)`", sentence)
    return [tag("code", part) if number % 2 else part for number, part in enumerate(parts)]


def excerpt(value: str, most: int) -> str:
    """A text, or its beginning with a word on how much is left out."""
    if len(value) <= most + 40:
        return value
    return f"{value[:most]}… ({len(value) - most:,} more characters)"


def document(title: str, style: str, policy: str, *body: Content) -> str:
    """A whole page. `policy` is its Content-Security-Policy."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        Html(f"<style>{style}</style>"),  # ours, and its hash stands in the policy
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', *body), lang='en')}\n"
