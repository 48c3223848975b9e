"""HTML that data cannot forge."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.report.html import Html, document, excerpt, prose, tag, text

SEEN = st.characters(
    exclude_characters=[*map(chr, range(0x7F, 0xA0)), *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]
)


@given(st.text(SEEN))
def test_text_comes_back_as_it_was_but_for_control_characters(value: str) -> None:
    written = text(value)
    assert not set(written) & set("<>\"'\0\x1b")
    kept = "".join(character for character in value if ord(character) > 31 or character in "\n\t")
    shown = "".join(character for character in html.unescape(written) if not 0x2400 <= ord(character) <= 0x2421)
    assert shown == "".join(c for c in kept if not 0x2400 <= ord(c) <= 0x2421)


def test_control_characters_are_shown_as_pictures() -> None:
    assert text("a\x1b[31m\0") == "a␛[31m␀"


def test_what_turns_text_round_and_other_controls_are_escaped() -> None:
    assert text("a\u202eb\x9b") == "a\\u202eb\\u009b"


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert text("a\ud800") == "a?"


def test_attributes_are_escaped_and_false_ones_are_left_out() -> None:
    made = tag("a", "x", href='"><script>', cls="b", open=True, hidden=False, aria_label=3)
    assert made == '<a href="&quot;&gt;&lt;script&gt;" class="b" open aria-label="3">x</a>'


def test_content_may_be_nested_and_is_escaped_unless_it_is_html() -> None:
    assert tag("p", "<", None, [tag("b", "&"), ["c"]]) == "<p>&lt;<b>&amp;</b>c</p>"
    assert isinstance(tag("p"), Html)


def test_words_between_backticks_are_code() -> None:
    assert tag("p", prose("step `a<b` failed")) == "<p>step <code>a&lt;b</code> failed</p>"
    assert tag("p", prose("one ` alone")) == "<p>one ` alone</p>"


@pytest.mark.parametrize(
    ("length", "shown"), [(10, "x" * 10), (50, "x" * 50), (51, "xxxxxxxxxx… (41 more characters)")]
)
def test_a_long_text_is_cut_and_says_so(length: int, shown: str) -> None:
    assert excerpt("x" * length, 10) == shown


def test_a_page_has_its_policy_before_anything_that_it_is_for() -> None:
    page = document("t<", "p{}", "default-src 'none'", tag("p", "x"))
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert "<title>t&lt;</title>" in page
