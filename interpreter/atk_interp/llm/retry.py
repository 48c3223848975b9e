"""Trying again after what passes; knowing when to stop."""

from __future__ import annotations

import random
from collections.abc import Callable

from atk_interp.llm.limits import Clock, Limiter, Priority
from atk_interp.llm.messages import (
    Client,
    EndpointDown,
    EndpointRefused,
    EndpointUnavailable,
    RateLimited,
    Reply,
    Request,
    SentPage,
)
from atk_interp.records import dataclass

__all__ = ["RetryPolicy", "Waiting", "call_with_patience"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to hope, in seconds.

    A call is sent at most `tries` times and waits at most `max_wait_s` in all between them. Waits double from
    `first_wait_s` to `longest_wait_s`, each shortened by up to half, at random, so that calls that failed
    together do not come back together. The endpoint counts as gone after `gone_failures` failures in a row, from
    all calls, over at least `gone_after_s`; over `unreached_after_s` when it never answered any call.
    """

    tries: int = 8
    max_wait_s: float = 600.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    gone_failures: int = 5
    gone_after_s: float = 120.0
    unreached_after_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call failed and is tried again: what went wrong, after how long, and which of the tries it was."""

    error: EndpointDown
    wait_s: float
    nth: int
    tries: int

    def __str__(self) -> str:
        return f"{self.error}; trying again in {self.wait_s:.1f} s ({self.nth} of {self.tries})"


async def call_with_patience(
    client: Client,
    request: Request,
    limiter: Limiter,
    policy: RetryPolicy,
    clock: Clock,
    say: Callable[[Waiting], None],
    *,
    priority: Priority = (),
    tokens: int = 0,
) -> Reply:
    """The reply, however often it takes: waits for its place, and after failures that pass.

    The place is given back while waiting. `tokens` is what the call will use, roughly, for limits per minute.
    Raises the last `EndpointDown` when the policy's tries or time are used up, `EndpointUnavailable` when the
    endpoint is gone or asks for more time than that, and `EndpointRefused` at once, also for an address where web
    pages are and no endpoint has answered yet.
    """
    waited = 0.0
    nth = 0
    while True:
        nth += 1
        try:
            async with limiter.slot(priority, tokens) as slot:
                reply = await client.complete(request)
                slot.used(reply.usage.input + reply.usage.output or tokens)
        except EndpointDown as error:
            _raise_if_none(limiter, error)
            wait = _wait_s(error, request, nth, policy)
            _raise_if_closed(wait, policy, error)
            _tell(limiter, error, wait)
            _raise_if_gone(limiter, policy, error)
            if nth >= policy.tries or waited + wait > policy.max_wait_s:
                raise
            say(Waiting(error, wait, nth, policy.tries))
        else:
            limiter.succeeded()
            return reply
        waited += wait
        await clock.sleep(wait)


def _raise_if_none(limiter: Limiter, error: EndpointDown) -> None:
    """What sends a web page may be something before the endpoint that is ill; but not when nothing else ever came."""
    if isinstance(error, SentPage) and not limiter.statistics().succeeded:
        raise EndpointRefused(
            f"`{error.endpoint}` is no OpenAI-compatible endpoint: it sent a web page",
            error.endpoint,
            "check the `base_url` in the config: most end in `/v1`",
        ) from None


def _wait_s(error: EndpointDown, request: Request, nth: int, policy: RetryPolicy) -> float:
    """Seconds before the next try. The jitter is drawn from the call itself: it needs no state."""
    longest = min(policy.first_wait_s * 2.0 ** min(nth - 1, 30), policy.longest_wait_s)
    wait = longest * (1 - random.Random(f"{request.key()}:{nth}").random() / 2)
    asked = error.retry_after if isinstance(error, RateLimited) else None
    return wait if asked is None else max(wait, asked)


def _tell(limiter: Limiter, error: EndpointDown, wait: float) -> None:
    if isinstance(error, RateLimited):
        # Who asks for time asks all calls for it; without a figure, only this one steps back.
        limiter.pushed_back(wait if error.retry_after is not None else 0.0)
    else:
        limiter.failed()


def _raise_if_closed(wait: float, policy: RetryPolicy, error: EndpointDown) -> None:
    """An endpoint that asks for more time than there is, such as until tomorrow's quota, is gone for this run."""
    if wait > max(policy.max_wait_s, policy.longest_wait_s):
        raise EndpointUnavailable(
            f"{error}; it asks to wait {wait:.0f} s, which is too long", error.endpoint, error
        ) from error


def _raise_if_gone(limiter: Limiter, policy: RetryPolicy, error: EndpointDown) -> None:
    now = limiter.statistics()
    patience_s = policy.gone_after_s if now.succeeded else policy.unreached_after_s
    if now.failures >= policy.gone_failures and now.failing_s >= patience_s:
        never = "" if now.succeeded else ", and has never answered"
        raise EndpointUnavailable(
            f"`{error.endpoint}` has failed {now.failures} times in a row over {now.failing_s:.0f} s{never}: {error}",
            error.endpoint,
            error,
        ) from error
