"""Near names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.diagnostics import did_you_mean, near
from atk_interp.diagnostics.suggest import distance

WORDS = st.text("abc", max_size=6)


@given(WORDS, WORDS, WORDS)
def test_the_distance_is_zero_for_equals_symmetric_and_at_most_the_longer(a: str, b: str, c: str) -> None:
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) == distance(b, a) <= max(len(a), len(b))
    assert distance(a + c, b + c) <= distance(a, b)


def test_a_swap_of_neighbours_counts_one() -> None:
    assert distance("lenght", "length") == 1


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("max_token", ["max_tokens"]),
        ("max-tokens", ["max_tokens"]),
        ("MAX_TOKENS", ["max_tokens"]),
        ("promt", ["prompt"]),
        ("zzz", []),
        ("", []),
    ],
)
def test_near_names_are_found(name: str, found: list[str]) -> None:
    assert near(name, ["max_tokens", "prompt", "overlap", "temperature"]) == found


def test_several_near_names_are_joined_with_or() -> None:
    assert did_you_mean("page", ["pages", "paged", "pager"]) == "did you mean `paged`, `pager` or `pages`?"
    assert did_you_mean("page", ["zebra"]) is None
