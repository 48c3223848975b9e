"""What reading gives: documents, and what is to be said of those that could not be read.

Readers never raise for a bad file. They hand back a `Problem` and go on, so that one file hides no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from atk_interp.records import dataclass
from atk_interp.values import Value

__all__ = ["CannotRead", "Document", "Level", "Problem"]

Level: TypeAlias = Literal["notice", "warning"]
"""`warning`: something is missing from what was read. `notice`: all is there, but a guess was made."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text on its way in.

    `source` is the path relative to the folder that was read, with `/` between its parts. `fields` holds `text`,
    or in records the fields of the record. `ordinal` tells the documents of one file apart: the line number in
    .jsonl, otherwise 0.
    """

    source: str
    fields: Mapping[str, Value]
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, a page or a line, and what became of it.

    `where` is the place within the file ("line 3", "page 2", or empty for the whole of it). `message` is one
    sentence that says what was found and what follows; `help` is an instruction.
    """

    source: str
    where: str
    message: str
    help: str | None = None
    level: Level = "warning"

    def __str__(self) -> str:
        place = f"{self.source}, {self.where}" if self.where else self.source
        return f"{place}: {self.message}"


class CannotRead(Exception):
    """What was named as input is not there at all. `help` says what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help
