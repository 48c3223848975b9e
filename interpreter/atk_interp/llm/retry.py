"""Trying again after what passes; knowing when to stop."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from atk_interp.llm.breaker import RetryPolicy
from atk_interp.llm.limits import Clock, Priority
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
from atk_interp.llm.pool import Address, Away, Place, Pool
from atk_interp.records import dataclass

__all__ = ["RetryPolicy", "Send", "Waiting", "call_with_patience"]

Send = Callable[[Client, Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call failed and is tried again: what went wrong, after how long, and which of the tries it was.

    To be asked to wait is none of the tries.
    """

    error: EndpointDown
    wait_s: float
    nth: int
    tries: int

    def __str__(self) -> str:
        count = "" if isinstance(self.error, RateLimited) else f" ({self.nth} of {self.tries})"
        return f"{self.error}; trying again in {self.wait_s:.1f} s{count}"


async def call_with_patience(
    send: Send,
    request: Request,
    pool: Pool,
    policy: RetryPolicy,
    clock: Clock,
    say: Callable[[Waiting], None],
    *,
    priority: Priority = (),
    tokens: int = 0,
    stay: bool = True,
) -> Reply:
    """The reply, however often it takes: waits for its place, and after failures that pass.

    A call that failed at one address goes to another healthy one at once. The place is given back while waiting.
    `tokens` is what the call will use, roughly, for limits per minute. Raises the last `EndpointDown` when the
    policy's tries or time are used up while the endpoint is well, `EndpointUnavailable` when it is gone or asks for
    more time than that (`Away` as soon as it is away, unless the caller would `stay`), and `EndpointRefused` at once,
    also for an address where web pages are and no endpoint has answered yet.
    """
    waited = 0.0
    nth = tries = doublings = 0
    tried: set[Address] = set()
    while True:
        place = await pool.admit(priority, tokens, tried, stay=stay)
        try:
            reply = await send(place.client, request)
        except EndpointDown as error:
            _raise_if_none(place, error)
            nth += 1
            wait = _wait_s(error, request, nth, doublings, policy)
            doublings += not place.address.limiter.well
            _tell(place, error, wait, policy)
            down = error
        except EndpointRefused:
            place.refused()
            raise
        else:
            place.replied(reply, request.model)
            return reply
        finally:
            place.leave()
        _raise_if_gone(pool, down)
        if place.address.breaker.is_open:  # the call waits for the address, or goes to another one
            if not stay and not pool.sendable:
                raise Away
            tried.add(place.address)
            continue
        tries += not isinstance(down, RateLimited)
        tried.add(place.address)
        if tries >= policy.tries:
            raise down
        if pool.another(tried):
            continue
        if waited + wait > policy.max_wait_s:
            raise down
        say(Waiting(down, wait, tries, policy.tries))
        waited += wait
        tried.clear()
        pool.resting += 1
        try:
            await clock.sleep(wait)
        finally:
            pool.resting -= 1


def _raise_if_none(place: Place, error: EndpointDown) -> None:
    """What sends a web page may be something before the endpoint that is ill; but not when nothing else ever came."""
    if isinstance(error, SentPage) and not place.address.breaker.replies:
        raise EndpointRefused(
            f"`{error.endpoint}` is no OpenAI-compatible endpoint: it sent a web page",
            error.endpoint,
            "check the `base_url` in the config: most end in `/v1`",
        ) from None


def _wait_s(error: EndpointDown, request: Request, nth: int, doublings: int, policy: RetryPolicy) -> float:
    """Seconds before the next try. The jitter is drawn from the call itself: it needs no state."""
    longest = min(policy.first_wait_s * 2.0 ** min(doublings, 30), policy.longest_wait_s)
    wait = longest * (1 - random.Random(f"{request.key()}:{nth}").random() / 2)
    asked = error.retry_after if isinstance(error, RateLimited) else None
    return wait if asked is None else max(wait, asked)


def _tell(place: Place, error: EndpointDown, wait: float, policy: RetryPolicy) -> None:
    """Tell the address what came of the call; one that asks for more time than there is, is set aside."""
    if wait > max(policy.max_wait_s, policy.longest_wait_s):
        place.shut(error, wait)
    else:
        asked = error.retry_after if isinstance(error, RateLimited) else None
        place.failed(error, asked or 0.0)


def _raise_if_gone(pool: Pool, error: EndpointDown) -> None:
    """Raise `EndpointUnavailable` when no address of a pool can be hoped for any more."""
    if not pool.gone:
        return
    if all(address.breaker.shut for address in pool.addresses):
        asked = min(address.breaker.probe_at for address in pool.addresses) - pool.now()
        raise EndpointUnavailable(
            f"{error}; it asks to wait {asked:.0f} s, which is too long", error.endpoint, error
        ) from error
    now = pool.statistics()
    never = "" if now.succeeded else ", and has never answered"
    who = f"`{error.endpoint}` has" if len(pool.addresses) == 1 else f"all {len(pool.addresses)} addresses have"
    raise EndpointUnavailable(
        f"{who} failed {now.failures} times in a row over {now.failing_s:.0f} s{never}: {error}",
        error.endpoint,
        error,
    ) from error
