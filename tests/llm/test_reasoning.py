from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.llm.reasoning import split_reasoning


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("plain", "", "plain"),
        ("  plain \n", "", "  plain \n"),
        ("<think>a\nb</think>\n\nanswer", "a\nb", "answer"),
        ("\n <think>a</think>answer", "a", "answer"),
        ("<think></think>answer", "", "answer"),
        ("the template opened it</think>answer", "the template opened it", "answer"),
        ("<think>cut off by the token lim", "cut off by the token lim", ""),
        ("[THINK]a[/THINK]answer", "a", "answer"),
        ("the tag <think> opens", "", "the tag <think> opens"),
        ("write <think>like</think> this", "", "write <think>like</think> this"),
        ("<think>a</think>use <think>b</think>", "a", "use <think>b</think>"),
        ("<thinking>a</thinking>b", "", "<thinking>a</thinking>b"),
        ("", "", ""),
    ],
)
def test_reasoning_is_set_apart(text: str, reasoning: str, answer: str) -> None:
    assert split_reasoning(text) == (reasoning, answer)


@given(st.text().filter(lambda text: "hink>" not in text and "THINK]" not in text))
def test_a_text_without_tags_comes_back_as_is(text: str) -> None:
    assert split_reasoning(text) == ("", text)
