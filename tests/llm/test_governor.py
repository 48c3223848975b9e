"""How many calls an endpoint is sent at a time, by what becomes of them. No real time passes."""

from __future__ import annotations

import random

import pytest

from atk_interp.llm.governor import Governor
from support.served import Load, play

SEEDS = (1, 2, 3)


def took(chance: random.Random, sigma: float = 1.0) -> float:
    """Lognormal seconds, the median 1."""
    return chance.lognormvariate(0, sigma)


@pytest.mark.parametrize("seed", SEEDS)
def test_heavy_tails_alone_change_nothing(seed: int) -> None:
    governor = Governor(64, 0.0)
    load = play(governor, 8000, lambda working, chance: took(chance, 1.2), seed=seed)
    assert load.limit(0.75) > 62
    load = play(Governor(64, 0.0), 8000, lambda working, chance: chance.paretovariate(1.5), seed=seed)
    assert load.limit(0.75) > 62


@pytest.mark.parametrize("seed", SEEDS)
def test_replies_that_become_longer_are_no_slowness(seed: int) -> None:
    sent = 0

    def lengths(chance: random.Random) -> object:
        return "long" if sent > 4000 else "short"

    def takes(working: int, chance: random.Random) -> float:
        nonlocal sent
        sent += 1
        return took(chance, 0.5) * (20 if sent > 4000 else 1)

    assert play(Governor(64, 0.0), 8000, takes, lengths, seed).limit(0.75) > 62


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("most", "takes"), [(256, 64), (64, 10), (8, 3)])
def test_an_endpoint_that_refuses_beyond_its_limit_is_sent_what_it_takes(most: int, takes: int, seed: int) -> None:
    load = play(
        Governor(most, 0.0), 6000, lambda working, chance: took(chance) if working <= takes else None, seed=seed
    )
    assert takes * 0.9 <= load.limit() <= takes * 1.1
    assert load.refused < 0.25 * load.replies


@pytest.mark.parametrize("seed", SEEDS)
def test_refusals_at_random_do_not_make_it_fewer(seed: int) -> None:
    load = play(
        Governor(64, 0.0), 6000, lambda working, chance: took(chance) if chance.random() > 0.3 else None, seed=seed
    )
    assert load.limit() > 60


@pytest.mark.parametrize("seed", SEEDS)
def test_a_limit_is_found_among_refusals_at_random(seed: int) -> None:
    def takes(working: int, chance: random.Random) -> float | None:
        return took(chance, 0.3) if working <= 40 and chance.random() > 0.2 else None

    assert 34 <= play(Governor(64, 0.0), 8000, takes, seed=seed).limit() <= 44


def collapses(load: int, over: int) -> float:
    """How many times longer a call takes when more are worked on than an endpoint can: less gets done, the more."""
    return max(1.0, (load / over) ** 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_collapse_of_throughput_is_answered_with_fewer_calls(seed: int) -> None:
    calls = 0

    def takes(working: int, chance: random.Random) -> float:
        nonlocal calls
        calls += 1
        return took(chance, 0.5) * (collapses(working, 16) if calls > 4000 else 1.0)

    load = play(Governor(64, 0.0), 12_000, takes, seed=seed)
    assert 10 <= load.limit(0.3) <= 24


@pytest.mark.parametrize("seed", SEEDS)
def test_an_endpoint_that_has_collapsed_from_the_beginning_is_found_out(seed: int) -> None:
    load = play(
        Governor(128, 0.0), 12_000, lambda working, chance: took(chance, 0.5) * collapses(working, 32), seed=seed
    )
    assert 20 <= load.limit(0.3) <= 48


@pytest.mark.parametrize("seed", SEEDS)
def test_where_fewer_calls_do_not_help_there_are_not_fewer(seed: int) -> None:
    """Others slow the endpoint down; or it does as much as it can, and calls wait there instead of here."""
    calls = 0

    def slowed(working: int, chance: random.Random) -> float:
        nonlocal calls
        calls += 1
        return took(chance, 0.5) * (4.0 if calls > 4000 else 1.0)

    assert play(Governor(64, 0.0), 10_000, slowed, seed=seed).limit() > 60
    full: Load = play(
        Governor(64, 0.0), 8000, lambda working, chance: took(chance, 0.5) * max(1.0, working / 16), seed=seed
    )
    assert full.limit() > 60


@pytest.mark.parametrize("seed", SEEDS)
def test_more_are_sent_again_when_an_endpoint_takes_more(seed: int) -> None:
    calls = 0

    def takes(working: int, chance: random.Random) -> float | None:
        nonlocal calls
        calls += 1
        return took(chance, 0.3) if working <= (16 if calls < 3000 else 64) else None

    load = play(Governor(64, 0.0), 20_000, takes, seed=seed)
    assert max(limit for _, limit in load.limits[1500:3000]) <= 20
    assert load.limit(0.2) > 48


def test_an_endpoint_that_was_away_is_sent_few_calls_first_and_soon_all_of_them() -> None:
    governor = Governor(64, 0.0)
    governor.begin_again(10.0)
    assert governor.limit == 8
    load = play(governor, 300, lambda working, chance: 1.0)
    assert [limit for _, limit in load.limits][-1] == 64


def test_what_was_sent_before_a_change_says_nothing_of_it() -> None:
    governor = Governor(8, 0.0)
    for _ in range(16):
        governor.strained(0, 8, 1.0)
    fewer = governor.limit
    assert fewer < 8
    for _ in range(100):
        governor.strained(0, 8, 1.0)
    assert governor.limit == fewer
