"""The terms of a condition, and for each a value of every sort that the condition can tell apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

from atk_interp.expressions.types import (
    AnyType,
    BoolType,
    FloatType,
    IntType,
    ListType,
    MaybeType,
    NullType,
    RecordType,
    TextType,
    Type,
    without_null,
)

__all__ = ["UNBOUNDED", "Bounds", "Term"]

Bounds: TypeAlias = tuple[float, float]
"""The least and the greatest value of a number."""

UNBOUNDED: Bounds = (-math.inf, math.inf)
_OTHER = "some other text"


class Term:
    """A part of a condition whose value differs from row to row."""

    def __init__(self, type_: Type, bounds: Bounds = UNBOUNDED) -> None:
        self.type = type_
        self.bounds = bounds
        self._texts: set[str] = set()
        self._numbers: set[float] = {0}
        self._lists: list[list[object]] = []

    def compared(self, constant: object) -> None:
        """The condition compares the term with this constant: values on both sides of it are to be tried."""
        if isinstance(constant, str):
            self._texts.add(constant)
        elif isinstance(constant, int | float) and not isinstance(constant, bool):
            self._numbers.add(constant)
        elif isinstance(constant, list):
            self._lists.append(constant)

    def values(self) -> list[object]:
        """A value of every sort; those that most rows have come first."""
        found = [*self._of(without_null(self.type))]
        return [*found, None] if isinstance(self.type, MaybeType) else found

    def _of(self, type_: Type) -> Iterator[object]:
        match type_:
            case BoolType():
                yield from (True, False)
            case TextType(choices) if choices is not None:
                yield from choices
            case TextType():
                yield from (self._other(), *sorted({"", *self._texts}))
            case IntType():
                yield from self._whole()
            case FloatType():
                yield from self._between()
            case ListType():
                yield from ([self._other()], [], *self._lists)
            case RecordType():
                yield from ({_OTHER: None}, {})
            case NullType():
                yield None
            case AnyType():
                for each in (TextType(), BoolType(), FloatType(), ListType(), RecordType(), NullType()):
                    yield from self._of(each)

    def _other(self) -> str:
        """A text that is not empty and none of those compared with."""
        text = _OTHER
        while text in self._texts:
            text += "."
        return text

    def _whole(self) -> list[int]:
        low, high = self.bounds
        found = {number for cut in self._cuts() for number in range(math.floor(cut) - 1, math.ceil(cut) + 2)}
        return sorted(number for number in found if low <= number <= high)

    def _between(self) -> Iterator[float]:
        """The cuts, a number between each two, and one beyond each end; whole ones also as fractions, as in JSON."""
        low, high = self.bounds
        cuts = sorted(self._cuts())
        between = [(left + right) / 2 for left, right in pairwise(cuts)]
        for number in sorted({cuts[0] - 1, *cuts, *between, cuts[-1] + 1}):
            if low <= number <= high:
                yield float(number)
                if float(number).is_integer():
                    yield int(number)

    def _cuts(self) -> set[float]:
        ends = {bound for bound in self.bounds if math.isfinite(bound)}
        return {number for number in self._numbers if math.isfinite(number)} | ends
