"""Printing: results to standard output, everything else to standard error; colour only on a terminal."""

from __future__ import annotations

import os
import sys

__all__ = ["coloured", "complain", "counted", "notice", "put", "say"]


def coloured(stream_is_terminal: bool) -> bool:
    """Whether to print colours (https://no-color.org)."""
    return stream_is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str = "") -> None:
    """Print a result."""
    print(text, flush=True)  # noqa: T201 - this is the one place that prints results


def put(text: str) -> None:
    """Print a result as it is, without a line break behind it."""
    print(text, end="", flush=True)  # noqa: T201 - as above


def counted(number: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {thing}{'s' if number != 1 else ''}"


def notice(text: str) -> None:
    """Tell something that is not the result."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that prints notices


def complain(message: str, help: str = "") -> None:
    """Say why nothing more can be done, and what to do."""
    red = "\x1b[31;1m" if coloured(sys.stderr.isatty()) else ""
    notice(f"{red}error:{chr(27) + '[0m' if red else ''} {message}")
    if help:
        notice(f"  help: {help}")
