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
        ("Sure!\n\n<think>\na\nb\n</think>\n\nanswer", "a\nb", "Sure!\n\nanswer"),
        ("<think>a</think>\none\n<think>b</think>\n  two\n  <think>c\nd</think>", "a\n\nb\n\nc\nd", "one\n  two"),
        ("one\n[THINK]\na[/THINK] two", "a", "one\ntwo"),
        ("one\n<think>a</think> two", "", "one\n<think>a</think> two"),
        ("one\n<think>\nnever closed", "", "one\n<think>\nnever closed"),
        ("- <think>\n- </think>\n", "", "- <think>\n- </think>\n"),
        ("so <think> opens:\n<think>\na\n</think>\nand", "a", "so <think> opens:\nand"),
        ("as in\n```\n<think>\na\n</think>\n```\n", "", "as in\n```\n<think>\na\n</think>\n```\n"),
        ("one\n<think>\n```py\na\n```\n</think>\ntwo", "```py\na\n```", "one\ntwo"),
        ("<thinking>a</thinking>b", "", "<thinking>a</thinking>b"),
        ("", "", ""),
    ],
)
def test_reasoning_is_set_apart(text: str, reasoning: str, answer: str) -> None:
    assert split_reasoning(text) == (reasoning, answer)


LINES = st.sampled_from(["<think>", "</think>", "<think>a</think>", "a <think>b</think>", "x", "", "</think> y"])


@given(st.lists(LINES, max_size=12).map("\n".join))
def test_what_is_set_apart_once_leaves_nothing_to_set_apart(text: str) -> None:
    reasoning, answer = split_reasoning(f"<think>r</think>{text}")
    assert reasoning.startswith("r")
    assert "x" not in text or "x" in reasoning + answer
    assert split_reasoning(f"<think>r</think>{answer}") == ("r", answer)


@given(st.text().filter(lambda text: "hink>" not in text and "THINK]" not in text))
def test_a_text_without_tags_comes_back_as_is(text: str) -> None:
    assert split_reasoning(text) == ("", text)
