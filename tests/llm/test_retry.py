from __future__ import annotations

from collections.abc import Callable

import pytest

from atk_interp.llm.breaker import Breaker
from atk_interp.llm.limits import Limiter
from atk_interp.llm.messages import (
    Client,
    EndpointDown,
    EndpointRefused,
    EndpointUnavailable,
    Message,
    RateLimited,
    Reply,
    Request,
    SentPage,
)
from atk_interp.llm.pool import Address, Pool
from atk_interp.llm.retry import RetryPolicy, Waiting, call_with_patience
from atk_interp.llm.scripted import ScriptedClient
from support.virtual_time import VirtualTime

REQUEST = Request("m", (Message("user", "hi"),))
DOWN = EndpointDown("`there` dropped the connection", "there")


async def send(client: Client, request: Request) -> Reply:
    return await client.complete(request)


class Trial:
    """A model that fails as told, and what came of calling it. `failures` are used up one a try."""

    def __init__(self, *failures: Exception, policy: RetryPolicy | None = None, concurrency: int = 4) -> None:
        self.failures = list(failures)
        self.time = VirtualTime()
        self.policy = policy or RetryPolicy()
        self.limiter = Limiter(concurrency, clock=self.time.clock)
        self.breaker = Breaker(self.policy, "there")
        self.said: list[Waiting] = []
        self.client = ScriptedClient(self._answer)
        self.pool = Pool([Address(self.client, self.limiter, self.breaker)], self.policy, self.time.clock)

    def _answer(self, request: Request) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    async def call(self, request: Request = REQUEST) -> Reply:
        return await self.time.run(
            call_with_patience(send, request, self.pool, self.policy, self.time.clock, self.said.append)
        )

    @property
    def elapsed(self) -> float:
        return self.time.now - 1000


async def test_a_call_that_works_waits_for_nothing() -> None:
    trial = Trial()
    assert (await trial.call()).text == "done"
    assert trial.elapsed == 0
    assert trial.breaker.replies == 1


async def test_failures_that_pass_are_tried_again_after_growing_waits() -> None:
    trial = Trial(DOWN, DOWN, DOWN)
    assert (await trial.call()).text == "done"
    waits = [waiting.wait_s for waiting in trial.said]
    assert trial.elapsed == pytest.approx(sum(waits))
    for wait, longest in zip(waits, (0.5, 1, 2), strict=True):
        assert longest / 2 <= wait <= longest


async def test_waits_are_the_same_every_time_and_differ_between_calls() -> None:
    async def waits(request: Request) -> list[float]:
        trial = Trial(DOWN, DOWN)
        await trial.call(request)
        return [waiting.wait_s for waiting in trial.said]

    other = Request("m", (Message("user", "ho"),))
    assert await waits(REQUEST) == await waits(REQUEST)
    assert await waits(REQUEST) != await waits(other)


async def test_what_cannot_succeed_is_sent_once() -> None:
    trial = Trial(EndpointRefused("no such model"))
    with pytest.raises(EndpointRefused):
        await trial.call()
    assert trial.client.calls == 1


async def test_the_wish_of_the_endpoint_is_honoured() -> None:
    trial = Trial(RateLimited("slow down", "there", retry_after=20))
    await trial.call()
    assert trial.elapsed == 20
    assert str(trial.said[0]) == "slow down; trying again in 20.0 s"


async def test_to_be_asked_to_wait_uses_no_try_up() -> None:
    trial = Trial(*[RateLimited("slow down", "there")] * 12, policy=RetryPolicy(tries=2, longest_wait_s=5))
    trial.breaker.replies = 1
    assert (await trial.call()).text == "done"


async def test_the_last_error_is_raised_when_the_tries_are_used_up() -> None:
    last = EndpointDown("`there` answered 502 bad gateway", "there")
    trial = Trial(DOWN, DOWN, last, policy=RetryPolicy(tries=3))
    with pytest.raises(EndpointDown) as caught:
        await trial.call()
    assert caught.value is last
    assert trial.client.calls == 3


async def test_the_last_error_is_raised_when_the_time_is_used_up() -> None:
    policy = RetryPolicy(tries=50, max_wait_s=10, gone_failures=100)
    trial = Trial(*[DOWN] * 50, policy=policy)
    with pytest.raises(EndpointDown):
        await trial.call()
    assert trial.elapsed <= 10


async def test_an_outage_costs_a_call_no_try() -> None:
    trial = Trial(*[DOWN] * 9, policy=RetryPolicy(tries=6, gone_failures=3))
    trial.breaker.replies = 1
    assert (await trial.call()).text == "done"
    assert len(trial.said) == 2  # the third failure in a row is told once, as that of the endpoint


async def test_an_endpoint_that_never_answered_is_given_up_sooner() -> None:
    patient = RetryPolicy(tries=1000, max_wait_s=1e6, longest_wait_s=5)

    async def give_up(prepare: Callable[[Trial], None]) -> tuple[float, EndpointUnavailable]:
        trial = Trial(*[DOWN] * 1000, policy=patient)
        prepare(trial)
        with pytest.raises(EndpointUnavailable) as caught:
            await trial.call()
        return trial.elapsed, caught.value

    soon, error = await give_up(lambda trial: None)
    late, _ = await give_up(lambda trial: setattr(trial.breaker, "replies", 1))
    assert 30 <= soon <= 35
    assert 120 <= late <= 125
    assert error.endpoint == "there"
    assert error.last is DOWN
    assert "and has never answered: `there` dropped the connection" in str(error)


async def test_an_endpoint_that_asks_for_hours_is_unavailable_now() -> None:
    trial = Trial(RateLimited("`there` answered 429 too many requests", "there", retry_after=7200))
    with pytest.raises(EndpointUnavailable, match="it asks to wait 7200 s"):
        await trial.call()
    assert trial.elapsed == 0


async def test_a_place_is_not_held_while_waiting_to_try_again() -> None:
    trial = Trial(DOWN, concurrency=1)

    def in_use(waiting: Waiting) -> None:
        trial.said.append(waiting)
        assert trial.pool.statistics().in_use == 0

    await trial.time.run(call_with_patience(send, REQUEST, trial.pool, trial.policy, trial.time.clock, in_use))
    assert str(trial.said[0]) == (
        f"`there` dropped the connection; trying again in {trial.said[0].wait_s:.1f} s (1 of 8)"
    )


async def test_a_web_page_before_any_answer_is_no_endpoint_and_after_one_a_failure_that_passes() -> None:
    page = SentPage("`there` sent a page", "there")
    with pytest.raises(EndpointRefused, match="`there` is no OpenAI-compatible endpoint"):
        await Trial(page).call()

    trial = Trial(page)
    trial.breaker.replies = 1
    assert (await trial.call()).text == "done"
