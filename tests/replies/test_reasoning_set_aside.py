from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.replies import split_reasoning

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="<["))


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("plain", "", "plain"),
        (" plain\n", "", " plain\n"),
        ("", "", ""),
        ("<think>\nHm.\n</think>\n\nYes.", "Hm.", "Yes."),
        (" \n<Thinking>Hm.</THINKING>Yes.", "Hm.", "Yes."),
        ("<reasoning>Hm.</reasoning>Yes.", "Hm.", "Yes."),
        ("[THINK]Hm.[/THINK]Yes.", "Hm.", "Yes."),
        ("<think></think>Yes.", "", "Yes."),
        ("<think>a</think>\n<think>b</think>Yes.", "a\n\nb", "Yes."),
        ("Hm.</think>Yes.", "Hm.", "Yes."),
        ("<think>Cut in the mid", "Cut in the mid", ""),
        ("Yes, <think>like</think> this.", "", "Yes, <think>like</think> this."),
        ("<think>a</think>Yes, <think>b</think>.", "a", "Yes, <think>b</think>."),
        ("<think>a</think>Yes</think>.", "a", "Yes</think>."),
        ("<thinker>a</thinker>", "", "<thinker>a</thinker>"),
    ],
)
def test_reasoning_at_the_beginning_is_set_aside(text: str, reasoning: str, answer: str) -> None:
    assert split_reasoning(text) == (reasoning, answer)


def test_a_tag_that_a_parser_reads_stays() -> None:
    reply = "<think>a</think><reasoning>b</reasoning><answer>c</answer>"
    assert split_reasoning(reply, keep=["Reasoning"]) == ("a", "<reasoning>b</reasoning><answer>c</answer>")
    assert split_reasoning(reply, keep=["think", "thinking", "reasoning", "[think]"]) == ("", reply)


@given(WORDS, WORDS)
def test_no_word_of_either_part_is_lost(thought: str, answer: str) -> None:
    assert split_reasoning(f"<think>{thought}</think>{answer}") == (thought.strip(), answer.lstrip())
    assert split_reasoning(answer) == ("", answer)
