"""Why an output refuses its rows: the conversations that its messages can make, tried on its writer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, product
from typing import TypeAlias

from atk_interp.document import Path
from atk_interp.expressions import ast
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds.base import StepView
from atk_interp.records import dataclass
from atk_interp.templates import Each, MessageTemplate

__all__ = ["Refusal", "refusal"]

_MOST = 500
_REPEATS = 3
"""How often the messages of an `each` are tried: a rule about neighbours is broken by then, if ever."""

Said: TypeAlias = tuple[str, bool | None]
"""The role of a message, and what it says under `train`."""
Turns: TypeAlias = tuple[Said, ...]

_IN_TURN = "write a conversation of users and assistants in turn, which the assistant ends"
_ASKED = "end the messages with the one of the user that both answers are given to"
_LEARNED = "let a message be learned: one of the assistant without `train: false`, or another with `train: true`"


@dataclass(frozen=True)
class Refusal:
    """Why no row can be written, the key that makes it so, and what to do."""

    told: str
    place: Path
    help: str


def refusal(view: StepView) -> Refusal | None:
    """Why the format of an output refuses every row, whatever it holds; None when it does not."""
    told = _equal_answers(view) or _refused_always(view)
    if told is None or isinstance(told, Refusal):
        return told
    help_ = _ASKED if view.step.kind == "preference" else _LEARNED if "learned" in told else _IN_TURN
    return Refusal(told, view.path("messages"), help_)


def _equal_answers(view: StepView) -> Refusal | None:
    if view.step.kind != "preference" or view.option("chosen") != view.option("rejected"):
        return None
    worse = view.path("rejected")
    return Refusal("`chosen` and `rejected` are the same", worse, "write the template of the worse answer")


def _refused_always(view: StepView) -> str | None:
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


def _variants(item: MessageTemplate | Each) -> list[Turns] | None:
    """What an item can add to a conversation, the most usual first; None when that is not known."""
    if isinstance(item, MessageTemplate):
        role = item.role.constant
        if role is None:
            return None
        said = ((role, _train(item)),)
        return [said, ()] if item.when is not None else [said]
    bodies = [_variants(inner) for inner in item.body]
    if any(body is None or len(body) != 1 for body in bodies):
        return None  # each round may be another
    turns = tuple(chain.from_iterable(body[0] for body in bodies if body))
    return [*(turns * times for times in range(1, _REPEATS + 1)), ()]


def _train(item: MessageTemplate) -> bool | None:
    """What a message says under `train`; true where that is for its row to say, for some rows may."""
    if item.train is None:
        return None
    root = item.train.root
    return bool(root.value) if isinstance(root, ast.Literal) else True


def _refused(view: StepView, turns: Sequence[Said]) -> str | None:
    """Why the format refuses such a conversation."""
    from atk_interp.formats.writers.base import Marked, Message, RecordError  # imported late: most have no such output

    writer = OUTPUTS[view.step.kind].writer
    marked: list[Marked] = [(role, "x", train) for role, train in turns]
    plain: list[Message] = [(role, "x") for role, _ in turns]
    messages = marked if OUTPUTS[view.step.kind].trains else plain
    try:
        if writer.takes == "messages":
            writer.record(messages)
        elif view.step.kind in ("segments", "completion"):
            writer.record({"messages": messages, "markup": "none"})
        elif view.step.kind == "preference":
            writer.record({"messages": plain, "chosen": "x", "rejected": "y"})
    except RecordError as error:
        return str(error)
    return None
