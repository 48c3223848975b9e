"""The first rows of an output, and what they are: conversations, records, or plain text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from atk_interp.records import dataclass
from atk_interp.values import decode

__all__ = ["Message", "Shown", "first_rows"]

_MOST_BYTES = 2_000_000
"""Of a line: a longer one is not shown."""
_TEXT_BYTES = 20_000
_ROLES = {"human": "user", "gpt": "assistant"}


@dataclass(frozen=True, slots=True)
class Message:
    """`trains` is None where nothing is said of it."""

    role: str
    content: str
    trains: bool | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One row: its conversation, if it is one, and its other fields. `text` is of a file that has no rows."""

    messages: tuple[Message, ...] = ()
    fields: tuple[tuple[str, Any], ...] = ()
    text: str = ""


def first_rows(path: Path, count: int) -> list[Shown]:
    """Empty for a file that cannot be shown: one that is not text, or not there."""
    try:
        if path.suffix == ".jsonl":
            with path.open("rb") as stream:
                return [_shown(decode(line)) for line in islice(_lines(stream), count)]
        with path.open("rb") as stream:
            beginning = stream.read(_TEXT_BYTES)
        # A character that is cut at the end is no reason to doubt the rest.
        text = beginning[: max(len(beginning) - 3, 0)].decode("utf-8") + beginning[-3:].decode("utf-8", "ignore")
        return [Shown(text=text)] if text else []
    except (OSError, ValueError):
        return []


def _lines(stream: Any) -> Iterator[bytes]:
    while line := stream.readline(_MOST_BYTES):
        if not line.endswith(b"\n") and len(line) == _MOST_BYTES:
            return
        if line.strip():
            yield line


def _shown(row: Any) -> Shown:
    if not isinstance(row, dict):
        return Shown(fields=(("", row),))
    for key, role, content in (("messages", "role", "content"), ("conversations", "from", "value")):
        messages = _conversation(row.get(key), role, content)
        if messages:
            return Shown(messages, tuple((name, value) for name, value in row.items() if name != key))
    return Shown(fields=tuple(row.items()))


def _conversation(turns: Any, role: str, content: str) -> tuple[Message, ...]:
    """The messages of a conversation; none when it is no list of them."""
    if not isinstance(turns, list) or not turns:
        return ()
    found = []
    for turn in turns:
        speaker, said = (turn.get(role), turn.get(content)) if isinstance(turn, dict) else (None, None)
        if not isinstance(speaker, str) or not isinstance(said, str):
            return ()
        trains = turn.get("train", turn.get("weight"))
        weighed = bool(trains) if isinstance(trains, bool | int) else None
        found.append(Message(_ROLES.get(speaker, speaker), said, weighed))
    return tuple(found)
