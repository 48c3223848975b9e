"""The combinations of a matrix: all of them, or so many that are drawn in rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count, islice, product
from math import prod

from atk_interp.values import Value, content_hash

__all__ = ["combinations", "number_of", "paired"]

Lists = Mapping[str, Sequence[Value]]
Groups = Sequence[Sequence[str]]


def number_of(lists: Lists, together: Groups) -> int:
    """How many combinations there are."""
    return prod(len(axis) for axis in _axes(lists, together))


def combinations(
    lists: Lists, together: Groups = (), draws: int | None = None, seed: int = 0
) -> list[dict[str, Value]]:
    """One value of each list, those of the lists of a group from the same place.

    Without `draws` all of them, the last list changing first. With it so many: from each list (or group) values are
    drawn without replacement until none is left, then from all of it again in another order; each list by itself.
    """
    axes = _axes(lists, together)
    drawn = product(*axes) if draws is None else zip(*(_drawn(axis, draws, seed) for axis in axes), strict=True)
    return [{name: values[name] for name in lists for values in chosen if name in values} for chosen in drawn]


def _axes(lists: Lists, together: Groups) -> list[list[dict[str, Value]]]:
    """What is chosen from, one place of it at a time; lists that go together are one axis, where the first stands."""
    group_of = {name: tuple(group) for group in together for name in group}
    groups = dict.fromkeys(group_of.get(name, (name,)) for name in lists)
    return [
        [dict(zip(names, values, strict=True)) for values in zip(*(lists[name] for name in names), strict=True)]
        for names in groups
    ]


def _drawn(axis: list[dict[str, Value]], draws: int, seed: int) -> list[dict[str, Value]]:
    """So many values of an axis, round by round, each round in an order of its own."""
    places = list(enumerate(axis))

    def order(number: int) -> list[dict[str, Value]]:
        ranked = sorted(places, key=lambda place: content_hash("atk-matrix-v1", [seed, number, place[1], place[0]]))
        return [values for _, values in ranked]

    return list(islice((values for number in count() for values in order(number)), draws))


def paired(one: int, other: int) -> int:
    """A number for two, 0 for 0 and 0, of which no two pairs have the same (Cantor's)."""
    return (one + other) * (one + other + 1) // 2 + other
