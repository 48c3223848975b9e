"""When an address counts as away, when it is tried again, and when it is given up."""

from __future__ import annotations

from atk_interp.llm.breaker import Breaker, RetryPolicy
from atk_interp.llm.messages import EndpointDown, RateLimited

DOWN = EndpointDown("`there` refused the connection", "there")
BUSY = RateLimited("`there` answered 429", "there")
POLICY = RetryPolicy(first_wait_s=1.0, longest_wait_s=60.0, gone_failures=3, gone_after_s=120, unreached_after_s=30)


def opened(breaker: Breaker, now: float = 0.0) -> Breaker:
    for _ in range(POLICY.gone_failures):
        breaker.failed(DOWN, now, probe=False)
    return breaker


def test_it_opens_after_failures_in_a_row_and_says_so_once() -> None:
    breaker = Breaker(POLICY, "there")
    assert [breaker.failed(DOWN, 0.0, probe=False) for _ in range(4)] == [False, False, True, False]
    assert breaker.is_open
    assert breaker.last is DOWN


def test_whoever_asks_for_time_is_there() -> None:
    breaker = Breaker(POLICY, "there")
    for _ in range(5):
        breaker.failed(DOWN, 0.0, probe=False)
        breaker.failed(DOWN, 0.0, probe=False)
        breaker.pushed_back(BUSY, 0.0)
    assert not breaker.is_open
    assert breaker.failures == 15
    assert opened(breaker).pushed_back(BUSY, 0.0)
    assert not breaker.is_open


def test_a_reply_closes_it() -> None:
    breaker = opened(Breaker(POLICY, "there"))
    assert breaker.replied()
    assert not breaker.replied()
    assert (breaker.is_open, breaker.failures, breaker.replies) == (False, 0, 2)


def test_probes_come_at_growing_intervals_the_last_of_them_when_patience_ends() -> None:
    breaker = Breaker(POLICY, "there")
    breaker.replied()
    opened(breaker)
    probes = []
    while not breaker.gone(breaker.probe_at):
        assert not breaker.due(breaker.probe_at - 0.001)
        assert breaker.due(breaker.probe_at)
        probes.append(breaker.probe_at)
        breaker.failed(DOWN, breaker.probe_at, probe=True)
    intervals = [after - before for before, after in zip([0.0, *probes], probes, strict=False)]
    for interval, longest in zip(intervals, (1, 2, 4, 8, 16, 32), strict=False):
        assert longest / 2 <= interval <= longest
    assert breaker.probe_at == 120


def test_what_never_answered_is_given_up_sooner() -> None:
    breaker = opened(Breaker(POLICY, "there"))
    assert not breaker.gone(29.9)
    assert breaker.gone(30)
    breaker.replied()
    opened(breaker, 100.0)
    assert not breaker.gone(219.9)
    assert breaker.gone(220)


def test_failures_of_calls_that_were_under_way_do_not_put_the_probe_off() -> None:
    breaker = opened(Breaker(POLICY, "there"))
    due = breaker.probe_at
    breaker.failed(DOWN, 0.4, probe=False)
    assert breaker.probe_at == due


def test_an_address_that_wants_hours_is_shut() -> None:
    breaker = Breaker(POLICY, "there")
    assert breaker.shut_for(7200, BUSY, 0.0)
    assert breaker.gone(0.0)
    assert not breaker.due(7199)
    assert breaker.due(7200)
