"""How many rows a step makes of how many."""

from __future__ import annotations

from enum import Enum

__all__ = ["Cardinality"]


class Cardinality(Enum):
    """How many rows come out for how many that go in."""

    SOURCE = "source"
    ONE = "1 to 1"
    AT_MOST_ONE = "1 to 0 or 1"
    MANY = "1 to n"
    SET = "n to n, as a set"
    MERGED = "n to 1"
    JOINED = "n and n to n"
    SOURCE_OR_ONE = "source, or 1 to 1"
    SOURCE_OR_MANY = "source, or n to n"
