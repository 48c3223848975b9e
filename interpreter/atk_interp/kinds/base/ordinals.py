"""Telling equal contents apart: how often each has come before."""

from __future__ import annotations

from array import array

__all__ = ["Ordinals"]

_FIRST_PLACES = 1024


class Ordinals:
    """Counts contents by their hashes, in about 16 bytes each, and about 100 more for each that comes again.

    An open table of the first 64 bits of the hashes: a set of Python's own would take ten times the room, and a source
    may have millions of rows. Two contents that share those bits, as hardly ever happens, count as one: the ordinal
    with the whole hash still makes an id that no other row has.
    """

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * _FIRST_PLACES))
        self._held = 0
        self._again: dict[int, int] = {}

    def next(self, digest: str) -> int:
        """How often the content of this hash (hex digits, at least 16) has been counted before."""
        mark = int(digest[:16], 16) or 1  # 0 stands for a free place
        at = self._place(self._table, mark)
        if self._table[at]:
            ordinal = self._again[mark] = self._again.get(mark, 0) + 1
            return ordinal
        self._table[at] = mark
        self._held += 1
        if 2 * self._held > len(self._table):
            self._grow()
        return 0

    @staticmethod
    def _place(table: array[int], mark: int) -> int:
        """Where a mark stands, or else the free place for it."""
        last = len(table) - 1
        at = mark & last
        while table[at] not in (0, mark):
            at = (at + 1) & last
        return at

    def _grow(self) -> None:
        larger = array("Q", bytes(16 * len(self._table)))
        for mark in self._table:
            if mark:
                larger[self._place(larger, mark)] = mark
        self._table = larger
