"""The numbers of texts by the sums of what their terms weigh, the greatest first: the same with numpy and without.

numpy, where it is installed, does the same operations on the same doubles in the same order, many at a time. What is
told is rounded by Python alone. A door to numpy.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

__all__ = ["Weighed", "summed"]

Weighed = tuple[float, "array[int]"]
"""The weight of a term, and the numbers of the texts that have it (each once), each followed by how often."""

_PLACES = 6
_FIRST = 32
_FEW = 1000
"""Texts for which numpy is not worth its import."""


def summed(terms: Sequence[Weighed], worn: array[float]) -> Iterator[tuple[float, int]]:
    """The sum of `weight * times / (times + worn[number])` over the terms, for each number that has one of them.

    The greatest first, of equal ones the first number; rounded to six places.
    """
    numpy = _numpy() if len(worn) > _FEW else None
    return _plainly(terms, worn) if numpy is None else _together(numpy, terms, worn)


def _plainly(terms: Sequence[Weighed], worn: array[float]) -> Iterator[tuple[float, int]]:
    sums: dict[int, float] = {}
    for weight, places in terms:
        for number, times in zip(places[::2], places[1::2], strict=True):
            sums[number] = sums.get(number, 0.0) + weight * times / (times + worn[number])
    scores = [(round(score, _PLACES), number) for number, score in sums.items()]
    told, wanted = 0, _FIRST
    while wanted < len(scores):
        yield from heapq.nsmallest(wanted, scores, key=_rank)[told:]
        told, wanted = wanted, wanted * 8
    yield from sorted(scores, key=_rank)[told:]


def _together(numpy: Any, terms: Sequence[Weighed], worn: array[float]) -> Iterator[tuple[float, int]]:
    wear, sums = numpy.frombuffer(worn, dtype="f8"), numpy.zeros(len(worn))
    for weight, places in terms:
        pairs = numpy.frombuffer(places, dtype=f"u{places.itemsize}").reshape(-1, 2)
        numbers, times = pairs[:, 0], pairs[:, 1].astype("f8")
        sums[numbers] += weight * times / (times + wear[numbers])
    having = numpy.flatnonzero(sums)  # what a term adds is above 0
    raw = sums[having]
    told, wanted = 0, _FIRST
    while wanted < len(raw):
        best = numpy.argpartition(raw, len(raw) - wanted)[len(raw) - wanted :]
        floor = round(float(raw[best].min()), _PLACES)  # rounding keeps the order: nothing else is above it
        sure = [found for found in _ordered(raw[best], having[best]) if found[0] > floor]
        yield from sure[told:]
        told, wanted = max(told, len(sure)), wanted * 8
    yield from _ordered(raw, having)[told:]


def _ordered(sums: Any, numbers: Any) -> list[tuple[float, int]]:
    found = zip(sums.tolist(), numbers.tolist(), strict=True)
    return sorted(((round(score, _PLACES), number) for score, number in found), key=_rank)


def _rank(found: tuple[float, int]) -> tuple[float, int]:
    return -found[0], found[1]


@cache
def _numpy() -> Any:
    try:
        import numpy  # imported late: an extra
    except ImportError:
        return None
    return numpy
