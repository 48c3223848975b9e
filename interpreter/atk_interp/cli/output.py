"""Printing: results to standard output, everything else to standard error; colour only on a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import IO

from atk_interp.printable import printable

__all__ = [
    "CannotPrint",
    "NobodyReads",
    "coloured",
    "complain",
    "counted",
    "ensure_streams",
    "notice",
    "put",
    "put_bytes",
    "say",
    "silence",
]


class CannotPrint(Exception):
    """Standard output does not take what is printed: it is closed, or a file on a full disk."""


class NobodyReads(CannotPrint):
    """Who has read standard output so far has enough, which is no failure."""


def coloured(stream_is_terminal: bool) -> bool:
    """Whether to print colours (https://no-color.org)."""
    return stream_is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str = "", *, painted: bool = False) -> None:
    """Print a result; colours in it stay when it is `painted`. Raises `CannotPrint`."""
    with _printing():
        print(printable(text, painted=painted), flush=True)  # noqa: T201 - this is the one place that prints results


def put(text: str) -> None:
    """Print a result as it is, without a line break behind it. Raises `CannotPrint`."""
    with _printing():
        print(text, end="", flush=True)  # noqa: T201 - as above


def put_bytes(data: bytes) -> None:
    """Print a part of a result as it is; `put` ends it. Raises `CannotPrint`."""
    with _printing():
        sys.stdout.buffer.write(data)


@contextlib.contextmanager
def _printing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # as it is, click would take it for a failure
        raise NobodyReads from None
    except OSError as error:
        raise CannotPrint(f"standard output cannot be written: {(error.strerror or str(error)).lower()}") from error


def counted(number: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {thing}{'s' if number != 1 else ''}"


def notice(text: str, *, painted: bool = False) -> None:
    """Tell something that is not the result. Where nobody can be told, nothing is: that must not end what goes on."""
    try:
        print(printable(text, painted=painted), file=sys.stderr, flush=True)  # noqa: T201 - the one place for notices
    except OSError:
        silence(sys.stderr)


def complain(message: str, help: str = "") -> None:
    """Say why nothing more can be done, and what to do."""
    head = "\x1b[31;1merror:\x1b[0m" if coloured(sys.stderr.isatty()) else "error:"
    notice(f"{head} {printable(message)}", painted=True)
    if help:
        notice(f"  help: {help}")


def silence(stream: IO[str]) -> None:
    """Let a stream that cannot be written take everything, or it would complain once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def ensure_streams() -> None:
    """Put something in the place of standard streams that are closed, so that no other file gets their numbers.

    Nothing can be written to the output then, which is told as of a full disk; what goes to the error is lost.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as above
