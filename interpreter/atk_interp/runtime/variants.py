"""The requests that may answer one call, and which of them does: for all who make calls, and all who foretell them.

A call may be sent in more than one form: with the schema of the reply as `response_format` or without. It is paid once
all the same: **of the candidates in their order, the first that the ledger has is the answer**; when it has none,
the first that can be sent at the moment is. The order depends on spec and config alone, never on what was learned of an
endpoint, so the same ledger gives the same answer to every run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from atk_interp.llm.messages import Message, Reply, Request
from atk_interp.records import dataclass
from atk_interp.runtime.endpoints import Target
from atk_interp.spec import EndpointConfig
from atk_interp.values import Value

__all__ = ["Form", "Variant", "first_recorded", "request_for", "variants"]

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
    target = targets[slot]
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
