"""A reply may be anything: no parser raises anything but `ReplyUnreadable`, and none takes more than linear time."""

from __future__ import annotations

from typing import Any

import pytest
from hostile_replies import HOSTILE, hostile
from hypothesis import given
from hypothesis import strategies as st
from reply_options import EVERY_KIND

from atk_interp.llm.reasoning import split_reasoning
from atk_interp.replies import ReplyUnreadable, build_reader
from atk_interp.values import encode

BEGINNINGS = ("", "QUESTION: x\nANSWER: ", "Final verdict: ", "Score: ", "<answer>", "- ", '{"answer": "', "User: ")
LONG = 100_000
"""Quadratic time would take minutes at this length, more than a test may."""


def _survives(options: dict[str, Any], reply: str) -> None:
    """What is read can be stored, and what is said of the rest can be printed."""
    try:
        readings = build_reader(options).read(reply)
    except ReplyUnreadable as unreadable:
        message = str(unreadable)
    else:
        message = encode(readings).decode()[:400]
        assert readings
    assert 0 < len(message.encode()) <= 2000


@pytest.mark.parametrize("options", EVERY_KIND.values(), ids=EVERY_KIND)
def test_a_hostile_reply_is_read_or_refused(options: dict[str, Any]) -> None:
    for name in HOSTILE:
        for beginning in BEGINNINGS:
            _survives(options, beginning + hostile(name, 200))


@pytest.mark.slow
@pytest.mark.parametrize("options", EVERY_KIND.values(), ids=EVERY_KIND)
def test_a_long_hostile_reply_takes_linear_time(options: dict[str, Any]) -> None:
    for name in HOSTILE:
        _survives(options, hostile(name, LONG))
    for beginning in BEGINNINGS:
        _survives(options, beginning + hostile("asterisks", 10 * LONG))


@pytest.mark.slow
def test_setting_reasoning_aside_takes_linear_time() -> None:
    for name in HOSTILE:
        split_reasoning(hostile(name, 10 * LONG))


WORDS = (
    "QUESTION ANSWER question answer ** : 1. - # <answer> </answer> <verdict> </verdict> suitable unsuitable not "
    "Verdict Score 7 7/10 , . { } [ ] \" ' \\ User Assistant ``` ```json --- é İ 不"
)
PIECES = st.sampled_from([*WORDS.split(" "), " ", "\n", "\n\n", "\r", "\ud83d"])


@given(st.sampled_from(list(EVERY_KIND)), st.lists(PIECES | st.characters(codec=None), max_size=40).map("".join))
def test_any_text_is_read_or_refused(kind: str, reply: str) -> None:
    _survives(EVERY_KIND[kind], reply)


@pytest.mark.parametrize(
    ("options", "reply"),
    [
        ({"tag": "answer"}, "<answer>The mill\0 was built.</answer>"),
        ({"text": "answer"}, "The mill\0 was built."),
        ({"json": {"answer": "text"}}, '{"answer": "The mill\\u0000 was built."}'),
        ({"json": {"answer": {"type": "list", "items": "text"}}}, '{"answer": ["The mill", "\\u0000"]}'),
        ({"yaml": {"answer": "text"}}, 'answer: "The mill\\0 was built."'),
    ],
)
def test_a_nul_reaches_no_field(options: dict[str, Any], reply: str) -> None:
    with pytest.raises(ReplyUnreadable, match="expected text for `answer`, found text with a NUL in it"):
        build_reader(options).read(reply)


def test_a_nul_beside_what_is_read_does_no_harm() -> None:
    assert build_reader({"tag": "answer"}).read("\0 Well: <answer>In 1776, \\0.</answer>") == [
        {"answer": "In 1776, \\0."}
    ]
