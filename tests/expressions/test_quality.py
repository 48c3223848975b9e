"""Figures about the quality of a text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.expressions.quality import copied, longest_copy, readability, special_characters
from atk_interp.expressions.words import words

_WORDS = st.lists(st.sampled_from(["old", "mill", "by", "the", "river"]), max_size=12).map(" ".join)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        (" \n\t ", 0.0),
        ("abc 123", 0.0),
        ("<<<>>>", 1.0),
        ("a.b.", 0.5),
        ("नमस्ते", 0.0),
        ("👍👍ok", 0.5),
        ("e\u0301", 0.0),
    ],
)
def test_special_characters_are_those_that_write_no_word(text: str, share: float) -> None:
    assert special_characters(text) == share


@pytest.mark.parametrize(
    ("text", "lix"),
    [
        ("", 0.0),
        ("... !!", 0.0),
        ("The cat sat.", 3.0),
        ("The cat sat. The dog ran.", 3.0),
        ("The cat sat\n\nThe dog ran", 3.0),
        ("The 2.5 is out", 5.0),
        ("Philosophers contemplate.", 102.0),
        ('"Go!" he said. "Now."', 4 / 3),
    ],
)
def test_readability_is_words_in_a_sentence_and_the_share_of_long_words(text: str, lix: float) -> None:
    assert readability(text) == pytest.approx(lix)


def test_a_law_is_harder_to_read_than_a_tale() -> None:
    tale = "The fox ran to the mill. The miller was out. So the fox ate the hen."
    law = (
        "Notwithstanding the provisions concerning administrative responsibilities, the competent authorities may, "
        "following consultation with representatives, establish supplementary requirements for applications."
    )
    assert readability(tale) < 25 < 60 < readability(law)


@pytest.mark.parametrize(
    ("text", "other", "n", "share"),
    [
        ("He saw the old mill", "the old mill", 3, 0.6),
        ("He saw the old mill", "the old mill", 4, 0.0),
        ("The Old Mill!", "the old mill", 3, 1.0),
        ("a b c d", "b c d a b c", 3, 1.0),
        ("", "a", 1, 0.0),
        ("a", "", 1, 0.0),
        ("黄河流经九省", "黄河流经青海", 4, 4 / 6),
    ],
)
def test_what_is_copied_stands_in_long_runs_of_the_source(text: str, other: str, n: int, share: float) -> None:
    assert copied(text, other, n) == pytest.approx(share)


@given(_WORDS, _WORDS)
def test_the_longest_copy_is_the_longest_run_that_both_have(text: str, other: str) -> None:
    found, source = words(text), words(other)
    runs = {tuple(source[start:end]) for start in range(len(source)) for end in range(start + 1, len(source) + 1)}
    own = [found[start:end] for start in range(len(found)) for end in range(start + 1, len(found) + 1)]
    assert longest_copy(text, other) == max((len(run) for run in own if tuple(run) in runs), default=0)


@given(_WORDS, _WORDS)
def test_shorter_runs_copy_at_least_as_much(text: str, other: str) -> None:
    assert all(longer <= shorter for shorter, longer in pairwise(copied(text, other, n) for n in range(1, 6)))


@given(_WORDS, _WORDS)
def test_both_figures_agree_on_whether_a_run_was_copied(text: str, other: str) -> None:
    longest = longest_copy(text, other)
    assert all((copied(text, other, n) > 0) == (n <= longest) for n in range(1, 13))
