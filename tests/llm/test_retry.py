from __future__ import annotations

from collections.abc import Callable

import pytest

from atk_interp.llm.limits import Limiter
from atk_interp.llm.messages import (
    EndpointDown,
    EndpointRefused,
    EndpointUnavailable,
    Message,
    RateLimited,
    Reply,
    Request,
    SentPage,
)
from atk_interp.llm.retry import RetryPolicy, Waiting, call_with_patience
from atk_interp.llm.scripted import ScriptedClient
from support.virtual_time import VirtualTime

REQUEST = Request("m", (Message("user", "hi"),))
DOWN = EndpointDown("`there` dropped the connection", "there")


class Trial:
    """A model that fails as told, and what came of calling it. `failures` are used up one a try."""

    def __init__(self, *failures: Exception, policy: RetryPolicy | None = None, concurrency: int = 4) -> None:
        self.failures = list(failures)
        self.time = VirtualTime()
        self.limiter = Limiter(concurrency, clock=self.time.clock)
        self.policy = policy or RetryPolicy()
        self.said: list[Waiting] = []
        self.client = ScriptedClient(self._answer)

    def _answer(self, request: Request) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    async def call(self, request: Request = REQUEST) -> Reply:
        return await self.time.run(
            call_with_patience(self.client, request, self.limiter, self.policy, self.time.clock, self.said.append)
        )

    @property
    def elapsed(self) -> float:
        return self.time.now - 1000


async def test_a_call_that_works_waits_for_nothing() -> None:
    trial = Trial()
    assert (await trial.call()).text == "done"
    assert trial.elapsed == 0
    assert trial.limiter.statistics().succeeded == 1


async def test_failures_that_pass_are_tried_again_after_growing_waits() -> None:
    trial = Trial(DOWN, DOWN, DOWN)
    assert (await trial.call()).text == "done"
    waits = [waiting.wait_s for waiting in trial.said]
    assert trial.elapsed == pytest.approx(sum(waits))
    for wait, longest in zip(waits, (1, 2, 4), strict=True):
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


async def test_the_wish_of_the_endpoint_is_honoured_and_holds_for_all_calls() -> None:
    trial = Trial(RateLimited("slow down", "there", retry_after=20))
    await trial.call()
    assert trial.elapsed == 20
    trial = Trial(RateLimited("slow down", "there", retry_after=20), concurrency=8)
    trial.limiter.pushed_back(20)
    assert trial.limiter.statistics().limit == 4
    await trial.call()
    assert trial.elapsed == 40


async def test_the_last_error_is_raised_when_the_tries_are_used_up() -> None:
    last = EndpointDown("`there` answered 502 bad gateway", "there")
    trial = Trial(DOWN, DOWN, last, policy=RetryPolicy(tries=3))
    with pytest.raises(EndpointDown) as caught:
        await trial.call()
    assert caught.value is last
    assert trial.client.calls == 3


async def test_the_last_error_is_raised_when_the_time_is_used_up() -> None:
    trial = Trial(*[DOWN] * 50, policy=RetryPolicy(tries=50, max_wait_s=10, gone_after_s=1e9, unreached_after_s=1e9))
    with pytest.raises(EndpointDown):
        await trial.call()
    assert trial.elapsed <= 10


async def test_an_endpoint_that_never_answered_is_given_up_sooner() -> None:
    patient = RetryPolicy(tries=1000, max_wait_s=1e6, longest_wait_s=5)

    async def give_up(prepare: Callable[[Trial], None]) -> tuple[float, EndpointUnavailable]:
        trial = Trial(*[DOWN] * 1000, policy=patient)
        prepare(trial)
        with pytest.raises(EndpointUnavailable) as caught:
            await trial.call()
        return trial.elapsed, caught.value

    soon, error = await give_up(lambda trial: None)
    late, _ = await give_up(lambda trial: trial.limiter.succeeded())
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
        assert trial.limiter.statistics().in_use == 0

    await trial.time.run(
        call_with_patience(trial.client, REQUEST, trial.limiter, trial.policy, trial.time.clock, in_use)
    )
    assert str(trial.said[0]) == (
        f"`there` dropped the connection; trying again in {trial.said[0].wait_s:.1f} s (1 of 8)"
    )


async def test_a_web_page_before_any_answer_is_no_endpoint_and_after_one_a_failure_that_passes() -> None:
    page = SentPage("`there` sent a page", "there")
    with pytest.raises(EndpointRefused, match="`there` is no OpenAI-compatible endpoint"):
        await Trial(page).call()

    trial = Trial(page)
    trial.limiter.succeeded()
    assert (await trial.call()).text == "done"
