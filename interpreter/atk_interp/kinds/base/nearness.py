"""Vectors by how near they are to another one, exactly and the same on every machine. The only door to numpy here.

numpy, where it is installed, finds the candidates in single precision; what they score is then added up without any
rounding but the last (`math.fsum`; the products of two floats are exact), so that no order of additions, block size or
processor changes a result.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Vector = array[float]

__all__ = ["Vectors", "likeness"]

_PLACES = 6
_ERROR = 1e-3
"""More than single precision may err by in a sum of some thousand products of numbers below 1."""
_FIRST = 64


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of the angle between two vectors of length 1, to six places."""
    return round(math.fsum(map(mul, one, other)), _PLACES)


class Vectors:
    """Vectors of length 1 and of one size, by the number of their place. Memory: 4 bytes for each number."""

    def __init__(self) -> None:
        self._numbers = array("f")
        self._size = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, vector: Vector) -> None:
        """Put a vector at the end. Raises `ValueError` for one of another size than those before."""
        if self._size and len(vector) != self._size:
            raise ValueError(f"vectors of {self._size} and of {len(vector)} numbers cannot be compared")
        self._size = len(vector)
        self._count += 1
        self._numbers.extend(vector)

    def extend(self, others: Vectors) -> None:
        """Put others at the end, in their order."""
        self._size = self._size or others._size
        self._count += len(others)
        self._numbers.extend(others._numbers)

    def ranked(self, query: Vector) -> Iterator[tuple[float, int]]:
        """The likeness of each to a query with its number, the greatest first; of equal ones the first."""
        numpy = _numpy()
        if numpy is None or self._count <= _FIRST:
            yield from self._ordered(query, range(self._count))
            return
        rough = self._rough(numpy, [query])[:, 0]
        told, wanted = 0, _FIRST
        while wanted < self._count:
            best = numpy.argpartition(rough, self._count - wanted)[self._count - wanted :]
            floor = float(rough[best].min()) + _ERROR  # nothing else is above it
            exact = [found for found in self._ordered(query, best.tolist()) if found[0] > floor]
            yield from exact[told:]
            told, wanted = max(told, len(exact)), wanted * 8
        yield from self._ordered(query, range(self._count))[told:]

    def like(self, queries: Sequence[Vector], threshold: float) -> list[tuple[float, int] | None]:
        """For each query the nearest one that is at least as like as the threshold, with its likeness."""
        numpy = _numpy()
        if not self._count:
            return [None for _ in queries]
        if numpy is None:
            return [self._best(query, range(self._count), threshold) for query in queries]
        rough = self._rough(numpy, queries)
        found: list[tuple[float, int] | None] = []
        for column, query in enumerate(queries):
            near = rough[:, column]
            floor = max(threshold, float(near.max()) - _ERROR) - _ERROR
            found.append(self._best(query, numpy.flatnonzero(near >= floor).tolist(), threshold))
        return found

    def _best(self, query: Vector, numbers: Sequence[int], threshold: float) -> tuple[float, int] | None:
        ordered = self._ordered(query, numbers)
        return ordered[0] if ordered and ordered[0][0] >= threshold else None

    def _ordered(self, query: Vector, numbers: Sequence[int]) -> list[tuple[float, int]]:
        scored = [(likeness(query, self._at(number)), number) for number in numbers]
        return sorted(scored, key=lambda found: (-found[0], found[1]))

    def _at(self, number: int) -> Vector:
        return self._numbers[number * self._size : (number + 1) * self._size]

    def _rough(self, numpy: Any, queries: Sequence[Vector]) -> Any:
        """The likeness of each vector to each query, about."""
        # The view on the numbers goes at the end of this: an array that is looked at cannot grow.
        return numpy.frombuffer(self._numbers, dtype="f4").reshape(self._count, self._size) @ numpy.array(queries).T


@cache
def _numpy() -> Any:
    try:
        import numpy  # imported late: an extra
    except ImportError:
        return None
    return numpy
