"""Calls with their tokens and cost: the unit in which runs, steps and models are accounted for."""

from __future__ import annotations

import math
from typing import Any

from atk_interp.records import dataclass

__all__ = ["Spent", "usd_told"]


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls with their tokens, as the endpoint counted them. `usd` is None where no price is known.

    `cached_tokens` are those of the input that the endpoint had in its cache, `reasoning_tokens` those of the output
    that were thought; both only where it tells. `uncounted` calls came without a count of tokens: theirs are in no sum.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    uncounted: int = 0

    def __add__(self, other: Spent) -> Spent:
        priced = [spent.usd for spent in (self, other) if spent.usd is not None]
        return Spent(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            sum(priced) if priced else None,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.uncounted + other.uncounted,
        )

    def as_json(self) -> dict[str, Any]:
        usd = None if self.usd is None else round(self.usd, 6)
        return {
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_tokens": self.cached_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "uncounted": self.uncounted,
            "usd": usd,
        }


def usd_told(amount: float) -> str:
    """Money for people: to the cent, and what is less than one to two digits that count."""
    digits = 2 if amount >= 0.01 or amount <= 0 else 1 - math.floor(math.log10(amount))
    told = f"{amount:,.{digits}f}"
    return f"{told.rstrip('0') if digits > 2 else told} USD"
