"""Records of one question and its answer, read as conversations."""

from __future__ import annotations

from typing import Any

import pytest

from atk_interp.formats.conversations import ConversationError, conversation


@pytest.mark.parametrize(
    ("record", "asked"),
    [
        ({"instruction": "Why?", "output": "So."}, "Why?"),
        ({"instruction": "Sum up.", "input": "A long text.", "output": "So."}, "Sum up.\n\nA long text."),
        ({"instruction": "Why?", "input": " ", "output": "So."}, "Why?"),
        ({"question": "Why?", "answer": "So."}, "Why?"),
        ({"prompt": "Why?", "completion": "So."}, "Why?"),
    ],
)
def test_a_question_and_its_answer_are_two_messages(record: dict[str, Any], asked: str) -> None:
    made = conversation(record)
    assert made["messages"] == [{"role": "user", "content": asked}, {"role": "assistant", "content": "So."}]
    assert made["system"] is None
    assert {name: made[name] for name in record} == record, "its own fields stay"


def test_messages_count_before_an_answer() -> None:
    record: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}], "question": "Why?", "answer": "So."}
    assert conversation(record)["messages"] == [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize("record", [{"instruction": "Why?"}, {"output": "So."}, {"question": "", "answer": "So."}])
def test_half_of_it_is_no_conversation(record: dict[str, Any]) -> None:
    with pytest.raises(ConversationError, match="neither `messages` nor `conversations`"):
        conversation(record)
