from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.replies import ReplyUnreadable
from atk_interp.replies.tolerant import Skeleton, Wanted, _reduce_any, after_last


@pytest.mark.parametrize(
    "text",
    [
        "QUESTION: x",
        "question :x",
        "**QUESTION:** x",
        "**QUESTION**: x",
        "**QUESTION** : x",
        "***Question:*** x",
        "__Question:__ x",
        "_Question_: x",
        "### QUESTION:\nx",
        "**Question 12:** x",
        "Question #1: x",
        "Question (3): x",
        "Question 1.: x",
        "Question：x",
        "so: question: x",
    ],
)
def test_words_are_found_however_they_are_decorated(text: str) -> None:
    (found,) = Skeleton(text).find(Wanted("**QUESTION:** "))
    assert text[found.end :].strip() == "x"


@pytest.mark.parametrize(
    "text",
    [
        "QUESTION x",
        "QUESTIONS: x",
        "Sub-question: x",
        "myquestion: x",
        "my_question: x",
        "QUEST ION: x",
        "Question one: x",
    ],
)
def test_other_words_are_not_found(text: str) -> None:
    assert Skeleton(text).find(Wanted("QUESTION:")) == []


@pytest.mark.parametrize(
    ("text", "at_line_start"),
    [
        ("a\nQUESTION: x", True),
        ("a\n  > **QUESTION:** x", True),
        ("a\n1. QUESTION: x", True),
        ("a\n(2) **QUESTION:** x", True),
        ("a\n- QUESTION: x", True),
        ("a QUESTION: x", False),
        ("a\n**b** QUESTION: x", False),
        ("a\n" + " " * 40 + "QUESTION: x", False),
    ],
)
def test_list_markers_and_marks_do_not_hide_the_beginning_of_a_line(text: str, at_line_start: bool) -> None:
    (found,) = Skeleton(text).find(Wanted("QUESTION:"))
    assert found.at_line_start is at_line_start
    if at_line_start:
        assert text[: found.start] == "a\n"


def test_emphasis_that_goes_on_after_the_words_is_known() -> None:
    assert Skeleton("**QUESTION: x**").find(Wanted("QUESTION:"))[0].opened == "**"
    assert Skeleton("**QUESTION:** x").find(Wanted("QUESTION:"))[0].opened == ""


def test_the_last_header_counts() -> None:
    assert after_last(Wanted("Verdict:"), "Verdict: a\nFinal **verdict:** b") == " b"
    with pytest.raises(ReplyUnreadable, match="expected `Verdict:`, found `none`"):
        after_last(Wanted("## Verdict:"), "none")


@given(st.text(), st.text())
def test_places_are_in_order_and_within_the_text(before: str, after: str) -> None:
    text = f"{before}\nVerdict: {after}"
    places = Skeleton(text).find(Wanted("Verdict:"))
    assert places
    end = 0
    for place in places:
        assert end <= place.word < place.end <= len(text)
        assert place.start <= place.word
        end = place.end


@given(st.text("aB1 \n\t*#_.:'\x1c", max_size=30))
def test_ascii_text_is_reduced_as_any_text_is(text: str) -> None:
    skeleton = Skeleton(text)
    assert (skeleton.plain, skeleton._offsets) == _reduce_any(text)
