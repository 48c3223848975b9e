"""What goes wrong in a run, and what the run ends with because of it."""

from __future__ import annotations

from atk_interp.llm.messages import EndpointDown, EndpointUnavailable
from atk_interp.runtime.budget import OutOfBudget
from atk_interp.runtime.flights import Halted

__all__ = ["Setbacks", "cause_of"]


class Setbacks:
    """Why a run stops, and why rows cannot go on while others do. For one thread."""

    def __init__(self) -> None:
        self.reason: BaseException | None = None
        """The first thing that has stopped the run."""
        self.lost: list[EndpointDown] = []
        """Why rows have got no reply, one for each."""
        self.blocked: OutOfBudget | None = None
        """Why rows may not ask any more."""

    @property
    def none_missing(self) -> bool:
        """Whether every row so far has gone as far as it should."""
        return not self.lost and self.blocked is None

    def raise_any(self) -> None:
        """Raise what a run ends with that is not done: what has stopped it before what was missing."""
        if self.reason is not None:
            raise self.reason
        if self.lost:
            count = "a row has got no reply" if len(self.lost) == 1 else f"{len(self.lost)} rows have got no reply"
            raise EndpointUnavailable(f"{count}: {self.lost[0]}", self.lost[0].endpoint, self.lost[0])
        if self.blocked is not None:
            raise self.blocked


def cause_of(error: BaseException) -> BaseException:
    """What really went wrong, out of the groups that concurrent tasks raise: a stop before a failed transport."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [cause_of(inner) for inner in error.exceptions]
    return min(causes, key=lambda cause: [isinstance(cause, kind) for kind in (Halted, EndpointDown, OutOfBudget)])
