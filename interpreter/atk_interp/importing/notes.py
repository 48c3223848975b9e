"""What an import tells of a file: what became of it, what needs a look, what has no equivalent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atk_interp.diagnostics.concealing import concealed
from atk_interp.records import dataclass

__all__ = ["FAILED", "LEAST_SECRET", "LEFT", "LOOK", "RENAMED", "Note", "Notes"]

RENAMED, LOOK, LEFT, FAILED = "renamed", "look", "left", "failed"
"""It has another name or form now; a person must look at it; it is left out on purpose; it could not be read."""

LEAST_SECRET = 12
"""A key shorter than this may be a word."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to tell. `line` is 1-based, 0 where the whole file is meant."""

    kind: str
    file: str
    line: int
    told: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Notes:
    """Collects what is told of one import. What looks like a credential is starred out, whoever tells it, as is what
    was found to be one.

    `variables` are the environment variables that hold the keys of what was imported, each with what it is for.
    """

    def __init__(self) -> None:
        self._found: list[Note] = []
        self._secrets: set[str] = set()
        self.variables: dict[str, str] = {}

    def add(self, kind: str, file: str, line: int, told: str) -> None:
        self._found.append(Note(kind, file, line, self.safe(told)))

    def hide(self, secret: str) -> None:
        """Never tell this again."""
        self._secrets.add(secret)

    def hide_if_long(self, secret: str) -> None:
        """The same of what may be `EMPTY` or the like: that may well be a part of other values."""
        if len(secret) >= LEAST_SECRET:
            self.hide(secret)

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be told."""
        return frozenset(self._secrets)

    def safe(self, text: str) -> str:
        """A text without what must not be told."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return concealed(text)

    def look(self, file: str, line: int, told: str) -> None:
        self.add(LOOK, file, line, told)

    def left(self, file: str, line: int, told: str) -> None:
        self.add(LEFT, file, line, told)

    def failed(self, file: str, line: int, told: str) -> None:
        self.add(FAILED, file, line, told)

    def renamed(self, file: str, line: int, told: str) -> None:
        self.add(RENAMED, file, line, told)

    def extend(self, others: Iterable[Note]) -> None:
        self._found.extend(others)

    def __iter__(self) -> Iterator[Note]:
        return iter(dict.fromkeys(self._found))

    def of(self, kind: str) -> list[Note]:
        """The notes of one kind, in the order of files and lines."""
        return sorted((note for note in self if note.kind == kind), key=lambda note: (note.file, note.line))
