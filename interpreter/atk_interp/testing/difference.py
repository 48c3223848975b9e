"""What differs between the fields that an example expects and those that were read, and how people are shown it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence

from atk_interp.records import dataclass
from atk_interp.values import Value

__all__ = ["Difference", "compared", "shown"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or a whole row (`field` is empty) that is there on one side only (`what` says on which).

    `row` counts from 1. `what` is `differs`, `missing` (expected, and not there) or `unexpected`.
    """

    row: int
    field: str
    expected: Value
    got: Value
    what: str = "differs"

    def told(self) -> str:
        """What differs, in lines: `-` is expected, `+` was read."""
        expected = () if self.what == "unexpected" else shown(self.expected).splitlines() or [""]
        got = () if self.what == "missing" else shown(self.got).splitlines() or [""]
        name = f"`{self.field}` of row {self.row}" if self.field else f"row {self.row}"
        return "\n".join([f"  {name}:", *(f"    {line}" for line in _diff(expected, got))])


def compared(expected: Sequence[Mapping[str, Value]], got: Sequence[Mapping[str, Value]]) -> list[Difference]:
    """Row by row, those fields that are expected; fields that an example does not name may be anything."""
    found: list[Difference] = []
    for index in range(max(len(expected), len(got))):
        if index >= len(got):
            found.append(Difference(index + 1, "", dict(expected[index]), None, "missing"))
        elif index >= len(expected):
            found.append(Difference(index + 1, "", None, dict(got[index]), "unexpected"))
        else:
            found += _fields(index + 1, expected[index], got[index])
    return found


def _fields(row: int, expected: Mapping[str, Value], got: Mapping[str, Value]) -> Iterator[Difference]:
    for name, value in expected.items():
        if not _same(value, got.get(name)):
            yield Difference(row, name, value, got.get(name))


def _same(left: Value, right: Value) -> bool:
    """Equal, but for line breaks at the end of a text: a block scalar has one, and a reading none."""
    match left, right:
        case str(), str():
            return left.rstrip("\n") == right.rstrip("\n")
        case list(), list():
            return len(left) == len(right) and all(map(_same, left, right))
        case dict(), dict():
            return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def shown(value: Value) -> str:
    """A value as people read it: text as it is, what holds others on lines of their own."""
    if isinstance(value, str):
        return value
    nested = isinstance(value, list | dict) and len(json.dumps(value)) > 60
    return json.dumps(value, ensure_ascii=False, indent=2 if nested else None)


def _diff(expected: Sequence[str], got: Sequence[str]) -> Iterator[str]:
    """Lines that are expected (`-`), that were read (`+`), and a few of those around them that are the same."""
    if len(expected) <= 1 and len(got) <= 1:
        yield from (f"- {line}" for line in expected)
        yield from (f"+ {line}" for line in got)
        return
    for number, line in enumerate(difflib.unified_diff(expected, got, n=2, lineterm="")):
        if number > 2 and line.startswith("@@"):
            yield "…"
        elif number > 2:
            yield f"{line[0]} {line[1:]}".rstrip()
