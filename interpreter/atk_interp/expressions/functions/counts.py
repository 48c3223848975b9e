"""Functions that count what became of the rows of a run. Only a check of a pipeline may call them."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.expressions.types import FLOAT, INT, Type
from atk_interp.records import dataclass

__all__ = ["COUNTS", "Count"]


@dataclass(frozen=True, slots=True)
class Count:
    """A function that counts: of a step, `of_outputs` also of an output, `of_all` without a name of the whole run."""

    name: str
    type: Type
    doc: str
    of_outputs: bool = False
    of_all: bool = False


COUNTS: Mapping[str, Count] = {
    count.name: count
    for count in (
        Count("rows", INT, "The rows that left a step, or the records of an output.", of_outputs=True),
        Count("rows_in", INT, "The rows that reached a step or an output.", of_outputs=True),
        Count("filtered", INT, "The rows that a step filtered, or that `where` left out.", of_outputs=True),
        Count("rejected", INT, "The rows that a step rejected, or that an output could not write.", of_outputs=True),
        Count("merged", INT, "The rows that a step made one with others."),
        Count(
            "calls", INT, "The replies that a step got, wherever from; without a name, those of the run.", of_all=True
        ),
        Count("tokens", INT, "The tokens of these calls, of prompts and replies, wherever from.", of_all=True),
        Count("cost", FLOAT, "What these calls cost in USD by `price`, wherever the replies are from.", of_all=True),
    )
}
"""By name. None of them depends on what the ledger had: a run from the ledger counts the same."""
