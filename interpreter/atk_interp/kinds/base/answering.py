"""Asking once about a row: the reading of the reply goes into its fields."""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.kinds.base.asking import Asker, Failure
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.context import StepContext
from atk_interp.kinds.base.results import Dropped
from atk_interp.kinds.base.runners import CallStep
from atk_interp.values import Row

__all__ = ["answering"]


def answering(step: BoundStep) -> CallStep:
    """A step that makes one row of each, or rejects it when no reply is acceptable. Raises `StepStopped`."""
    asker = Asker(step)

    async def apply(row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        answer = await asker.ask(row, context)
        if isinstance(answer, Failure):
            return Dropped(row, "rejected", answer.label, answer.attempts)
        made = row.replaced({**row.fields, **answer.readings[0]})
        if context.wants_calls:
            context.accepted(answer.accepted((made,), 0))
        return (made,)

    return CallStep(apply)
