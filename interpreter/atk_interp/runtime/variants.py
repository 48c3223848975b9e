"""The requests that may answer one call, and which of them does: for all who make calls, and all who foretell them.

A call may be sent in more than one form: with the schema of the reply as `response_format` or without; and it may be
for the fallback of its slot, while the addresses of the slot itself are all away. It is paid once all the same: **of
the candidates in their order, the first that the ledger has is the answer**; when it has none, the first that can be
sent at the moment is. The order depends on spec and config alone, never on what was learned of an endpoint or on which
of them was away, so the same ledger gives the same answer to every run.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from atk_interp.llm.messages import Message, Reply, Request
from atk_interp.records import dataclass
from atk_interp.runtime.endpoints import Target
from atk_interp.spec import EndpointConfig
from atk_interp.values import Value

__all__ = ["Form", "Variant", "by_slot", "first_recorded", "request_for", "stand_ins", "variants"]

Form = Mapping[str, Value]
"""The `response_format` that a step's replies could be held to."""

FORM_KEY = "response_format"

T = TypeVar("T", bound=Target)


@dataclass(frozen=True, slots=True)
class Variant:
    """One candidate: a request, and the slot that it is for. `formed` tells that it is sent with the form."""

    slot: str
    request: Request
    formed: bool = False


def variants(
    targets: Mapping[str, T],
    slot: str,
    messages: Sequence[tuple[str, str]],
    sampling: Mapping[str, Value],
    form: Form | None,
    sample: int,
    attempt: int,
) -> tuple[Variant, ...]:
    """The candidates of one call, best first; nearly always one."""
    own = _forms_of(targets[slot], slot, messages, sampling, form, sample, attempt)
    if targets[slot].config.fallback is None:
        return own
    asked = list(own)
    for stand_in in stand_ins(targets, slot):
        exchanged = _exchanged(sampling, targets[slot], targets[stand_in])
        asked += _forms_of(targets[stand_in], stand_in, messages, exchanged, form, sample, attempt)
    return tuple(asked)


def stand_ins(targets: Mapping[str, T], slot: str) -> list[str]:
    """The slots that answer for one whose addresses are all away, in the order in which they are asked."""
    found: list[str] = []
    name = targets[slot].config.fallback
    while name is not None and name in targets and name != slot and name not in found:
        found.append(name)
        name = targets[name].config.fallback
    return found


def by_slot(candidates: Sequence[Variant]) -> list[list[Variant]]:
    """The candidates of each slot, in their order."""
    return [list(group) for _, group in itertools.groupby(candidates, key=lambda variant: variant.slot)]


def _exchanged(sampling: Mapping[str, Value], own: Target, other: Target) -> dict[str, Value]:
    """The sampling of a call with that of another slot in place of its own; what the step has set stays."""
    kept = {name: value for name, value in sampling.items() if own.config.base.get(name) != value}
    if other.config.grammar != "llguidance":
        kept.pop("grammar", None)  # it is for the engine of the slot that the step names
    return {**other.config.base, **kept}


def _forms_of(
    target: Target,
    slot: str,
    messages: Sequence[tuple[str, str]],
    sampling: Mapping[str, Value],
    form: Form | None,
    sample: int,
    attempt: int,
) -> tuple[Variant, ...]:
    """The candidates of one call at one slot."""
    plain = Variant(slot, request_for(target, messages, sampling, sample, attempt))
    if form is None or not _may_be_formed(target, messages, sampling):
        return (plain,)
    with_form = {**sampling, FORM_KEY: dict(form)}
    formed = Variant(slot, request_for(target, messages, with_form, sample, attempt), formed=True)
    return (plain, formed) if target.config.structured == "never" else (formed, plain)


def _may_be_formed(target: Target, messages: Sequence[tuple[str, str]], sampling: Mapping[str, Value]) -> bool:
    """Not completions, which have no such parameter; nor where an author sends a form of their own."""
    return _takes_forms(target.config) and FORM_KEY not in sampling and messages[0][0] != "prompt"


def _takes_forms(config: EndpointConfig) -> bool:
    """A script reads no schema, and is sent one when asked to; the embedded model is held to grammars instead."""
    return config.provider == "openai" or (config.provider == "scripted" and config.structured == "always")


async def first_recorded(
    candidates: Sequence[Variant], get: Callable[[str], Awaitable[Reply | None]]
) -> tuple[Variant, Reply] | None:
    """The candidate that is the answer, with the reply, if the ledger has one of them."""
    for candidate in candidates:
        reply = await get(candidate.request.key())
        if reply is not None:
            return candidate, reply
    return None


def request_for(
    target: Target, messages: Sequence[tuple[str, str]], sampling: Mapping[str, Value], sample: int, attempt: int
) -> Request:
    """What is sent for a call of a step, and so its key."""
    identity = target.config.identity
    if len(messages) == 1 and messages[0][0] == "prompt":
        return Request(target.model, (), messages[0][1], sampling, identity, sample, attempt)
    sent = tuple(Message(role, content) for role, content in messages)
    return Request(target.model, sent, None, sampling, identity, sample, attempt)
