"""The small parts of which the reference pages are made."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence

__all__ = ["code", "described", "fenced", "origin", "page", "table"]

_NOTE = "<!-- Written by `make docs` from the program itself: change the program, not this page. -->"


def page(title: str, *parts: str) -> str:
    """A whole page; empty parts are left out."""
    return "\n\n".join([_NOTE, f"# {title}", *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def code(text: object) -> str:
    """Text as code within a sentence, whatever backticks it holds."""
    shown = str(text)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def origin(giver: str | None) -> str:
    """Which package adds something to the language; nothing for what is the language's own."""
    return f"It comes with {code(giver)}." if giver else ""


def fenced(text: str, language: str = "") -> str:
    """Lines of code. The fence is longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing when it has no rows."""
    listed = [list(row) for row in rows]
    if not listed:
        return ""
    lines = [header, ["---"] * len(header), *([_cell(cell) for cell in row] for row in listed)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def described(documented: object) -> str:
    """A docstring as Markdown."""
    return inspect.getdoc(documented) or ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
