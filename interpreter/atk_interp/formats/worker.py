"""The process that parses documents for another one: what hangs or dies in a parser takes this process with it alone.

It reads jobs from its standard input, a JSON list a line, and answers each with a JSON list behind its length. It
arms an alarm for every job that ends it without any help of Python, since a parser that hangs does not let Python run.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from atk_interp.formats.documents import Document, Problem
from atk_interp.formats.readers import read_file
from atk_interp.values import decode, encode

__all__ = ["LENGTH_BYTES", "main", "packed"]

LENGTH_BYTES = 8
_MOST_MEMORY = 8 * 1024**3
"""Bytes that a parser may ask for, so that a document that unpacks without end does not take the whole machine."""


def main() -> None:
    """Work until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not come between the answers
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # of the terminal, so that no parser holds up the end of a run
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    for line in sys.stdin.buffer:
        job: Any = decode(line)
        signal.setitimer(signal.ITIMER_REAL, job["limit_s"])
        answer = _answer(job)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _write(answers, answer)


def _answer(job: dict[str, Any]) -> bytes:
    path, root = (Path(os.fsdecode(bytes.fromhex(job[key]))) for key in ("path", "root"))
    how = {**job["how"], "required": tuple(job["how"]["required"])}
    return packed(list(read_file(path, root, **how)))


def packed(items: list[Document | Problem]) -> bytes:
    """Items as JSON: of a document its ordinal and fields, of a problem all but its source."""
    return encode(
        [
            [item.ordinal, dict(item.fields)]
            if isinstance(item, Document)
            else [item.where, item.message, item.help, item.level]
            for item in items
        ]
    )


def _write(stream: BinaryIO, answer: bytes) -> None:
    stream.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
    stream.flush()
