from __future__ import annotations

from atk_interp.llm.limits import Limiter
from support.virtual_time import VirtualTime


def test_no_more_places_than_allowed() -> None:
    limiter = Limiter(2)
    free = []
    for _ in range(2):
        free.append(limiter.free)
        limiter.take()
    free.append(limiter.free)
    limiter.leave()
    assert [*free, limiter.free] == [True, True, False, True]
    assert (limiter.in_use, limiter.granted) == (1, 2)


def test_a_minutes_worth_is_owed_back_before_the_next_call() -> None:
    time = VirtualTime()
    limiter = Limiter(10, requests_per_minute=60, clock=time.clock)
    assert [limiter.rate_wait_s(0) for _ in range(3)] == [0, 1, 2]
    assert limiter.ready_in_s() == 2
    time.now += 3
    assert limiter.ready_in_s() == 0
    assert limiter.rate_wait_s(0) == 0


def test_one_call_larger_than_a_minute_is_let_in_and_paid_for_afterwards() -> None:
    limiter = Limiter(10, tokens_per_minute=60, clock=VirtualTime().clock)
    assert limiter.rate_wait_s(121) == 120


def test_a_long_wait_for_a_rate_is_told_once_with_the_limit() -> None:
    told: list[str] = []
    limiter = Limiter(10, requests_per_minute=60, tokens_per_minute=60, clock=VirtualTime().clock, say=told.append)
    assert limiter.rate_wait_s(5) == 4
    assert told == []
    for _ in range(3):
        limiter.rate_wait_s(5)
    assert told == ["calls wait for `tokens_per_minute: 60`: 9 s now"]


def test_a_pause_holds_for_all_calls_only_when_most_are_asked_for_it() -> None:
    time = VirtualTime()
    limiter = Limiter(64, clock=time.clock)
    for number in range(200):  # one in five is refused
        epoch = limiter.take()
        if number % 5:
            limiter.replied(epoch, "", 1.0)
        else:
            limiter.pushed_back(epoch, 30)
        limiter.leave()
    assert limiter.rate_wait_s(0) <= 0
    for _ in range(20):
        limiter.pushed_back(limiter.take(), 30)
        limiter.leave()
    assert limiter.rate_wait_s(0) == 30
    assert limiter.pause_s() == 30
