"""Telling equal contents apart, in little memory."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from atk_interp.kinds.base.ordinals import Ordinals


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3) | st.sampled_from([1024, 2048, 3072]), max_size=200))
def test_contents_are_counted_as_a_counter_counts_them(marks: list[int]) -> None:
    counted: Counter[int] = Counter()
    ordinals = Ordinals()
    for mark in marks:
        mark = mark or 1  # which the two share
        assert ordinals.next(f"{mark:016x}{mark:x}") == counted[mark]
        counted[mark] += 1


def test_many_contents_are_told_apart() -> None:
    ordinals = Ordinals()
    digests = [f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in range(20_000)]
    assert not any(map(ordinals.next, digests))
    assert {ordinals.next(digest) for digest in digests} == {1}
