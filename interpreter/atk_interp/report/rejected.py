"""`rejected.jsonl`, read as a stream: grouped by step and reason, with some rows of each group.

A file of a gigabyte takes seconds and no more memory than its groups. Its lines are decoded where they are shown.
"""

from __future__ import annotations

import re
import zlib
from bisect import insort
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from atk_interp.records import dataclass
from atk_interp.values import decode

__all__ = ["Group", "Line", "Rejection", "grouped", "lines_of", "read_at"]

_TEXT = rb'("[^"\\]*(?:\\.[^"\\]*)*")'
_HEAD = re.compile(rb'\{"step":' + _TEXT + rb',"outcome":' + _TEXT + rb',"label":' + _TEXT + rb',"row":' + _TEXT)
_MOST_GROUPS = 2_000
"""Reasons beyond these are counted as one of their step: a reason that never repeats is no reason to group by."""
_OTHERS = "other reasons than these"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One record: a row, or a part of a reply, that went no further."""

    step: str
    outcome: str
    label: str
    row: str
    source: str
    fields: Mapping[str, Any]
    attempts: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What a line is about, and where in the file it begins (in bytes)."""

    step: str
    outcome: str
    label: str
    row: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Group:
    """The records of a step with one outcome and label: how many, and where some of them begin.

    Which ones is decided by a hash of their rows, so it is the same each time, and not those of the first document.
    """

    step: str
    outcome: str
    label: str
    count: int
    examples: tuple[int, ...]


def lines_of(path: Path) -> Iterator[Line]:
    """Every record, in the order of the file. What is no record is passed over: the last line of a copy may be half.

    Raises `OSError`.
    """
    known: dict[tuple[bytes, bytes, bytes], tuple[str, str, str]] = {}
    at = 0
    with path.open("rb") as stream:
        for line in stream:
            found = _HEAD.match(line)
            if found is not None and line.endswith(b"}\n"):
                head = found[1], found[2], found[3]
                names = known.get(head)
                if names is None:
                    step, outcome, label = (str(decode(part)) for part in head)
                    names = step, outcome, label
                    if len(known) < _MOST_GROUPS:
                        known[head] = names
                yield Line(*names, found[4], at)
            at += len(line)


def grouped(path: Path, examples: int) -> list[Group]:
    """The groups in the order in which they first appear; none when there is no file. Raises `OSError`."""
    counts: dict[tuple[str, str, str], int] = {}
    chosen: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    if not path.exists():
        return []
    for line in lines_of(path):
        key = line.step, line.outcome, line.label
        if key not in counts and len(counts) >= _MOST_GROUPS:
            key = line.step, line.outcome, _OTHERS
        counts[key] = counts.get(key, 0) + 1
        some = chosen.setdefault(key, [])
        rank = zlib.crc32(line.row), line.at
        if len(some) < examples or (some and rank < some[-1]):
            insort(some, rank)
            del some[examples:]
    return [Group(*key, count, tuple(sorted(at for _, at in chosen[key]))) for key, count in counts.items()]


def read_at(path: Path, at: int) -> Rejection:
    """The record that begins at a place. Raises `OSError`, or `ValueError` when there is none."""
    with path.open("rb") as stream:
        stream.seek(at)
        record: Any = decode(stream.readline())
    try:
        attempts = tuple(attempt for attempt in record["attempts"] if isinstance(attempt, dict))
        return Rejection(
            record["step"],
            record["outcome"],
            record["label"],
            record["row"],
            str(record["source"]),
            dict(record["fields"]),
            attempts,
        )
    except (KeyError, TypeError) as error:
        raise ValueError("no record of a rejected row") from error
