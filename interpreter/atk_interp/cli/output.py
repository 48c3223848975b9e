"""Printing: results to standard output, everything else to standard error; colour only on a terminal."""

from __future__ import annotations

import os
import re
import sys

from atk_interp.patterns import pattern

__all__ = ["coloured", "complain", "counted", "harmless", "notice", "put", "say"]


_CONTROL = pattern(r"\x1b(?!\[[0-9;]*m)|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
"""What does something to a terminal, beside tabs, line breaks and colours."""


def coloured(stream_is_terminal: bool) -> bool:
    """Whether to print colours (https://no-color.org)."""
    return stream_is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str = "") -> None:
    """Print a result."""
    print(harmless(text), flush=True)  # noqa: T201 - this is the one place that prints results


def put(text: str) -> None:
    """Print a result as it is, without a line break behind it."""
    print(text, end="", flush=True)  # noqa: T201 - as above


def counted(number: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {thing}{'s' if number != 1 else ''}"


def notice(text: str) -> None:
    """Tell something that is not the result."""
    print(harmless(text), file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that prints notices


def complain(message: str, help: str = "") -> None:
    """Say why nothing more can be done, and what to do."""
    red = "\x1b[31;1m" if coloured(sys.stderr.isatty()) else ""
    notice(f"{red}error:{chr(27) + '[0m' if red else ''} {message}")
    if help:
        notice(f"  help: {help}")


def harmless(text: str) -> str:
    """A text whose control characters, as names in a file may have, are written as JSON and YAML write them."""
    return text if text.isprintable() else _CONTROL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
