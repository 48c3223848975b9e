"""A parsed YAML document as plain data with places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeAlias

from atk_interp.document.scalars import mapped_scalar
from atk_interp.records import dataclass
from atk_interp.source import MappedText, SourceFile, Span

__all__ = ["Document", "Path", "Place", "show_path"]

Path: TypeAlias = "tuple[str | int, ...]"
"""Where a value stands in the data: keys and list indices from the top."""


@dataclass(frozen=True, slots=True)
class Place:
    """Offsets of one key and its value. `style` is the YAML scalar style, or None for collections."""

    start: int
    end: int
    key_start: int = -1
    key_end: int = -1
    style: str | None = None


@dataclass(frozen=True)
class Document:
    """One YAML document: `data` is dicts, lists and JSON scalars; `places` tells where each path stands.

    Keys are always text. Timestamps stay text. Values reached through an alias or a merge key have the place
    of the anchor's content.
    """

    file: SourceFile
    data: Any
    places: Mapping[Path, Place] = field(repr=False)

    def _place(self, path: Path) -> Place:
        while path not in self.places:
            path = path[:-1]
        return self.places[path]

    def has(self, path: Path) -> bool:
        return path in self.places

    def get(self, path: Path, default: Any = None) -> Any:
        """The value at a path, or the default when there is none."""
        value = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return default
        return value

    def span(self, path: Path) -> Span:
        """The place of a value; of the nearest thing around it when the path leads nowhere."""
        place = self._place(path)
        return Span(self.file, place.start, place.end)

    def key_span(self, path: Path) -> Span:
        """The place of a key; of the value for list items and the top."""
        place = self._place(path)
        if place.key_start < 0:
            return self.head_span(path)
        return Span(self.file, place.key_start, place.key_end)

    def head_span(self, path: Path) -> Span:
        """The first line of a value: what to underline when the whole of it is meant."""
        place = self._place(path)
        text = self.file.text
        stop = text.find("\n", place.start, place.end)
        end = place.end if stop < 0 else stop
        while end > place.start + 1 and text[end - 1] in " \t\r":
            end -= 1
        return Span(self.file, place.start, end)

    def text(self, path: Path) -> MappedText:
        """The text of a scalar with the place of each of its characters."""
        value = self.get(path)
        place = self._place(path)
        if place.style is None:
            return MappedText.scattered(str(value), self.file, [place.start] * (len(str(value)) + 1))
        written = value if isinstance(value, str) else self.file.text[place.start : place.end]
        return mapped_scalar(written, self.file, place.start, place.end, place.style)

    def written(self, path: Path) -> str:
        """What stands in the file for a value, quotes and all."""
        place = self._place(path)
        return self.file.text[place.start : place.end]


def show_path(path: Path) -> str:
    """A path as people write it: `steps.questions.accept[0]`."""
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown
