"""Regular expressions behind their door."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.expressions.bounds import TooLarge
from atk_interp.expressions.regex import RegexError, compile_regex


def test_a_search_gives_places_and_groups_in_characters() -> None:
    found = compile_regex("(?P<word>é+)(x)?").search("aéé!")
    assert found is not None
    assert (found.start, found.end, found.text, found.groups, found.named) == (1, 3, "éé", ("éé", None), {"word": "éé"})
    assert compile_regex("z").search("a") is None


def test_findall_goes_from_left_to_right_without_overlap() -> None:
    assert [found.text for found in compile_regex("a.").findall("abacad")] == ["ab", "ac", "ad"]


@pytest.mark.parametrize(
    ("pattern", "replacement", "text", "result"),
    [
        ("(a)(b)", r"\2\1", "abab", "baba"),
        ("(?P<é>ü)|x", r"<\g<é>>", "üx", "<ü><>"),
        ("a", r"\\1 é $1", "a", r"\1 é $1"),
        ("", "-", "ab", "-a-b-"),
        ("b+", "", "abba", "aa"),
    ],
)
def test_a_replacement_has_groups_and_is_put_in_the_place_of_each_match(
    pattern: str, replacement: str, text: str, result: str
) -> None:
    assert compile_regex(pattern).replacer(replacement)(text) == result


@pytest.mark.parametrize(
    ("replacement", "message"),
    [
        (r"\9", "there is no group `9` in `a`"),
        (r"\g<x>", "there is no group `x` in `a`"),
        (r"\d", r"`\d` is no group; a backslash itself is written as two"),
        ("\\", "`\\` is no group; a backslash itself is written as two"),
    ],
)
def test_a_replacement_that_means_nothing_is_refused(replacement: str, message: str) -> None:
    with pytest.raises(RegexError) as caught:
        compile_regex("a").replacer(replacement)
    assert caught.value.message == message


def test_what_replacing_makes_is_bounded() -> None:
    with pytest.raises(TooLarge):
        compile_regex("").replacer("x" * 20_000)("y" * 20_000)


def test_names_come_in_the_order_of_the_pattern() -> None:
    regex = compile_regex("(?P<b>x)(y)(?P<a>z)")
    assert regex.names == ("b", "a")


@pytest.mark.parametrize(
    ("pattern", "message", "culprit"),
    [
        ("(a", "missing )", "(a"),
        ("a)", "unexpected )", "a)"),
        ("[a", "missing ]", "[a"),
        ("x*a**", "bad repetition operator", "**"),
        ("*a", "no argument for repetition operator", "*"),
        ("b(?=a)", "look-ahead does not exist in RE2", "(?="),
        ("b(?<!a)", "look-behind does not exist in RE2", "(?<!"),
        ("(a)\\1", "back-references do not exist in RE2", "\\1"),
        ("a{2000}", "a repetition goes up to 1000, and nested ones are multiplied", "{2000}"),
        ("(?:a{100}){100}", "a repetition goes up to 1000, and nested ones are multiplied", "{100}"),
        (
            r"(?:\pL{1,30}\pN{1,30}){1,30}",
            "it is too large: repetitions of repetitions, or of classes of letters, multiply",
            None,
        ),
        (
            r"(?:\pL{1,5}\pN{1,5}){1,9}",
            "it is too large: repetitions of repetitions, or of classes of letters, multiply",
            None,
        ),
        ("a" * 10_001, "it has 10,001 characters, and 10,000 are the most", None),
        ("\\", "trailing \\", None),
        ("\ud800", "half a character (a lone surrogate) cannot be searched for", None),
    ],
)
def test_a_bad_pattern_is_explained_and_its_culprit_found(pattern: str, message: str, culprit: str | None) -> None:
    with pytest.raises(RegexError) as raised:
        compile_regex(pattern)
    error = raised.value
    found = None if error.start is None else pattern[error.start : error.end]
    assert (error.message, found) == (message, culprit)


def test_a_pattern_is_compiled_once() -> None:
    assert compile_regex("once") is compile_regex("once")


@pytest.mark.slow
@given(
    st.text("ab.*?|()[]\\\\^$+-é", max_size=6)
    | st.text("ab-,_ ;é", max_size=3)
    | st.sampled_from(["\\.", "a\\-b", "\\d"]),
    st.text("ab.-é ", max_size=6),
)
def test_asking_only_whether_it_matches_agrees_with_searching(pattern: str, text: str) -> None:
    try:
        regex = compile_regex(pattern)
    except RegexError:
        return
    assert regex.matches(text) is (regex.search(text) is not None)
