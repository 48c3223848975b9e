"""Near names: what the author probably meant.

The distance is Damerau-Levenshtein in its optimal string alignment form (a swap of neighbours counts one); a
name is near when the distance is at most a third of its length plus one, as in graphql-core's `did_you_mean`.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "distance", "near"]


def distance(left: str, right: str) -> int:
    """Edits (insert, delete, replace, swap) that turn one text into the other. O(len * len)."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (a != b))
            if row > 1 and column > 1 and a == right[column - 2] and left[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]


def near(name: str, choices: Iterable[str], most: int = 3) -> list[str]:
    """Up to `most` choices close to `name`, nearest first, ties in the order of the alphabet."""
    lowered = name.lower().replace("-", "_")
    letters = set(lowered)
    scored: list[tuple[int, str]] = []
    for choice in set(choices):
        limit = len(name) // 3 + 1
        if abs(len(choice) - len(name)) > limit:
            continue
        other = choice.lower().replace("-", "_")
        if len(letters.difference(other)) > limit:
            continue  # each of them takes an edit
        edits = distance(lowered, other)
        if edits <= limit:
            scored.append((edits, choice))
    scored.sort()
    return [choice for _, choice in scored[:most]]


def did_you_mean(name: str, choices: Iterable[str]) -> str | None:
    """The question `did you mean …?` with the near choices, or None when nothing is near."""
    found = near(name, choices)
    if not found:
        return None
    quoted = [f"`{choice}`" for choice in found]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return f"did you mean {listed}?"
