"""How much of each part goes into a mixture."""

from __future__ import annotations

import math
from collections.abc import Mapping

from atk_interp.records import dataclass

__all__ = ["NUMBERS", "Part", "Unmixable", "amounts", "asked_range"]

NUMBERS = ("share", "ratio", "amount", "min", "max")
"""The numbers that a part may be asked for by, as they are written."""


class Unmixable(ValueError):
    """The parts cannot be brought together as they are asked for, in one sentence."""


@dataclass(frozen=True)
class Part:
    """What is asked of one part, in rows or in whatever rows are measured by; at most one of the first three.

    `share` is of the whole mixture, `ratio` so many times the amount of the part `of`, `amount` just so much; with none
    of them the part goes in whole. `least` and `most` bound what follows from them.
    """

    share: float | None = None
    ratio: float | None = None
    of: str = ""
    amount: float | None = None
    least: float | None = None
    most: float | None = None
    repeat: bool = False

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, float | None], of: str, *, repeat: bool = False) -> Part:
        """The part for `NUMBERS` as they are written; those that are not, or null, are left open."""
        return cls(
            share=numbers.get("share"),
            ratio=numbers.get("ratio"),
            of=of,
            amount=numbers.get("amount"),
            least=numbers.get("min"),
            most=numbers.get("max"),
            repeat=repeat,
        )

    def bounded(self, amount: float, available: float) -> float:
        """Within the floor and the ceiling, and within what there is unless rows may be repeated."""
        if self.least is not None:
            amount = max(amount, self.least)
        if self.most is not None:
            amount = min(amount, self.most)
        return amount if self.repeat and available else min(amount, available)


def asked_range(parts: Mapping[str, Part], total: float) -> tuple[float, float]:
    """The least and the most that the parts ask for, whatever there is; a share is one of `total`.

    Raises `Unmixable` when parts follow from one another.
    """
    least = {name: part.bounded(_asked(part, total, 0.0), math.inf) for name, part in parts.items() if not part.of}
    most = {name: part.bounded(_asked(part, total, math.inf), math.inf) for name, part in parts.items() if not part.of}
    endless = dict.fromkeys(parts, math.inf)
    for found in (least, most):
        _follow(parts, endless, found)
        _check_circle(parts, found)
    return sum(least.values()), sum(most.values())


def _asked(part: Part, total: float, otherwise: float) -> float:
    if part.share is not None:
        return part.share * total
    return otherwise if part.amount is None else part.amount


def amounts(parts: Mapping[str, Part], available: Mapping[str, float], total: float | None) -> dict[str, float]:
    """How much of each part goes in, of so much that there is.

    The parts with a `share` make up the whole together with the others: the whole is `total`, or what follows from the
    other parts, or else as much as the scarcest part allows. Raises `Unmixable`.
    """
    found = {
        name: part.bounded(available[name] if part.amount is None else part.amount, available[name])
        for name, part in parts.items()
        if part.share is None and part.ratio is None
    }
    _follow(parts, available, found)
    shares = {name: part.share for name, part in parts.items() if part.share is not None}
    whole = _whole(parts, shares, found, available) if total is None else total
    found |= {name: parts[name].bounded(share * whole, available[name]) for name, share in shares.items()}
    _follow(parts, available, found)
    _check_circle(parts, found)
    return found


def _check_circle(parts: Mapping[str, Part], found: Mapping[str, float]) -> None:
    circle = " and ".join(f"`{name}`" for name in parts if name not in found)
    if circle:
        raise Unmixable(f"the parts {circle} follow from one another")


def _follow(parts: Mapping[str, Part], available: Mapping[str, float], found: dict[str, float]) -> None:
    """Add the parts that follow from what is found."""
    waiting = {name: part for name, part in parts.items() if part.ratio is not None and name not in found}
    ready = [name for name, part in waiting.items() if part.of in found]
    for name in ready:
        found[name] = parts[name].bounded((parts[name].ratio or 0) * found[parts[name].of], available[name])
    if ready:
        _follow(parts, available, found)


def _whole(
    parts: Mapping[str, Part], shares: Mapping[str, float], found: Mapping[str, float], available: Mapping[str, float]
) -> float:
    """How much the whole has when nobody says it. Raises `Unmixable` when the shares leave no room."""
    taken, left = sum(found.values()), 1 - sum(shares.values())
    if left < -1e-9:
        raise Unmixable(f"the shares add up to {sum(shares.values()):g}, which is more than 1")
    if taken and left > 1e-9:
        return taken / left
    scarce = [available[name] / share for name, share in shares.items() if share and not parts[name].repeat]
    return min(scarce, default=sum(available[name] for name in shares))
