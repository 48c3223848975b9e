"""Why an output refuses its rows: the conversations that its messages can make, tried on its writer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, product

from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds.base import StepView
from atk_interp.templates import Each, MessageTemplate

__all__ = ["refusal"]

_MOST = 500
_REPEATS = 3
"""How often the messages of an `each` are tried: a rule about neighbours is broken by then, if ever."""

Roles = tuple[str, ...]


def refusal(view: StepView) -> str | None:
    """Why the format of an output refuses every conversation that its messages can make; None when it does not."""
    found = view.message_lists.get(view.path("messages"))
    if found is None or len(found.items) != len(view.option("messages")):
        return None  # what is wrong with a message is told there
    each = [_variants(item) for item in found.items]
    if any(variants is None for variants in each):
        return None
    refusals: list[str] = []
    for tried, parts in enumerate(product(*(variants or () for variants in each))):
        told = _refused(view, [*chain.from_iterable(parts)])
        if told is None or tried >= _MOST:
            return None
        refusals.append(told)
    return refusals[0] if refusals else None


def _variants(item: MessageTemplate | Each) -> list[Roles] | None:
    """The roles that an item can add to a conversation, the most usual first; None when that is not known."""
    if isinstance(item, MessageTemplate):
        role = item.role.constant
        if role is None:
            return None
        return [(role,), ()] if item.when is not None else [(role,)]
    bodies = [_variants(inner) for inner in item.body]
    if any(body is None or len(body) != 1 for body in bodies):
        return None  # each round may be another
    roles = tuple(chain.from_iterable(body[0] for body in bodies if body))
    return [*(roles * times for times in range(1, _REPEATS + 1)), ()]


def _refused(view: StepView, roles: Sequence[str]) -> str | None:
    """Why the format refuses a conversation of these roles."""
    from atk_interp.formats.writers.base import RecordError  # imported late: most checks have no such output

    writer = OUTPUTS[view.step.kind].writer
    if writer.takes != "messages":
        return None
    try:
        writer.record([(role, "x") for role in roles])
    except RecordError as error:
        return str(error)
    return None
