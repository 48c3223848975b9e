from __future__ import annotations

import pytest

from atk_interp.replies import why_unusable


@pytest.mark.parametrize("finish", ["stop", "eos", "end_turn", ""])
def test_a_reply_that_ended_by_itself_is_usable(finish: str) -> None:
    assert why_unusable("Verdict: yes", finish) is None


@pytest.mark.parametrize(
    ("text", "finish", "reasoning", "why"),
    [
        ("Verdict: yes", "length", "", "the reply was cut by the token limit"),
        ("", "length", "Hm", "the reply was cut by the token limit"),
        ("Verdict: yes", "content_filter", "", "the endpoint filtered the reply"),
        ("", "tool_calls", "", "the model called a tool and did not answer"),
        (" \n", "stop", "", "the reply is empty"),
        ("", "stop", "Hm", "the reply holds reasoning only"),
    ],
)
def test_a_reply_that_is_no_answer_is_told_as_such(text: str, finish: str, reasoning: str, why: str) -> None:
    assert why_unusable(text, finish, reasoning) == why
