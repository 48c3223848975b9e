"""What cases cannot show of `rephrase`: what the model is shown, equal conversations, and subsets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import compile_pipeline, lint
from atk_interp.runtime import RunResult

REPLIES = r"""
- when: {in: last, matching: '(?s)The conversation:\s+(?P<shown>.*)What the assistant says next:\s+\"{3}\s+third'}
  reply: "<thought>I see: \\g<shown></thought>"
- when: {matching: 'says next:\s+\"{3}\s+second'}
  reply: I cannot think.
- reply: "<thought>I look for it, and here it is.</thought>"
"""
Made = Callable[..., RunResult]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.chdir(tmp_path)  # with a ledger of its own
    (tmp_path / "replies.yaml").write_text(REPLIES)
    models = {"large": {"provider": "scripted", "script": str(tmp_path / "replies.yaml")}}
    (tmp_path / "in").mkdir()

    def run(*talks: list[tuple[str, str]], **params: Any) -> RunResult:
        lines = (json.dumps({"conversations": [{"from": who, "value": said} for who, said in talk]}) for talk in talks)
        (tmp_path / "in" / "talks.jsonl").write_text("\n".join(lines) + "\n")
        result: RunResult = compile_pipeline("rephrase")(
            input_dir=tmp_path / "in", output_dir=tmp_path / "out", models=models, **params
        )
        return result

    return run


def records(result: RunResult, name: str = "conversations.jsonl") -> list[list[tuple[str, str]]]:
    lines = (result.output_dir / name).read_text().splitlines()
    return [[(turn["from"], turn["value"]) for turn in json.loads(line)["conversations"]] for line in lines]


THOUGHT = "<think>\nI look for it, and here it is.\n</think>\n"


def test_a_conversation_without_a_system_prompt_gets_none(made: Made) -> None:
    result = made([("human", "Hello"), ("gpt", "Hi")], [("system", "Be kind."), ("human", "Hello"), ("gpt", "Hi")])
    assert records(result) == [
        [("human", "Hello"), ("gpt", f"{THOUGHT}Hi")],
        [("system", "Be kind."), ("human", "Hello"), ("gpt", f"{THOUGHT}Hi")],
    ]
    assert "not present" not in (result.output_dir / "chat.jsonl").read_text()


def test_a_conversation_of_which_one_thought_fails_is_left_out_whole(made: Made) -> None:
    result = made(
        [("human", "one"), ("gpt", "first"), ("human", "two"), ("gpt", "second"), ("human", "three"), ("gpt", "third")],
        [("human", "one"), ("gpt", "first")],
    )
    assert records(result) == [[("human", "one"), ("gpt", f"{THOUGHT}first")]]
    lost = [json.loads(line) for line in (result.output_dir / "rejected.jsonl").read_text().splitlines()]
    assert [(row["step"], row["outcome"]) for row in lost] == [("thoughts", "rejected"), *[("whole", "filtered")] * 5]


def test_a_conversation_with_an_empty_answer_is_left_out_and_told(made: Made) -> None:
    result = made(
        [("human", "one"), ("gpt", " "), ("human", "two"), ("gpt", "first")], [("human", "one"), ("gpt", "first")]
    )
    assert records(result) == [[("human", "one"), ("gpt", f"{THOUGHT}first")]]
    lost = [json.loads(line) for line in (result.output_dir / "rejected.jsonl").read_text().splitlines()]
    assert [(row["step"], row["outcome"]) for row in lost] == [("spoken", "filtered")]


def test_an_answer_that_has_thoughts_already_keeps_them_and_gets_no_others(made: Made) -> None:
    result = made([("human", "one"), ("gpt", "<think>\nhm\n</think>\nfirst"), ("human", "two"), ("gpt", "other")])
    [talk] = records(result)
    assert [text for _, text in talk] == ["one", "<think>\nhm\n</think>\nfirst", "two", f"{THOUGHT}other"]


def test_marks_that_no_answer_has_change_nothing(made: Made) -> None:
    result = made([("human", "one"), ("gpt", "first")], cot_preface="")
    assert records(result) == [[("human", "one"), ("gpt", "I look for it, and here it is.\n</think>\nfirst")]]


def test_all_three_files_have_the_same_conversations(made: Made) -> None:
    result = made([("human", " "), ("gpt", "first")], [("human", "one"), ("gpt", "first")])
    counts = {output.name: output.rows for output in result.outputs}
    assert counts == {"conversations.jsonl": 1, "chat.jsonl": 1, "by_source.jsonl": 1}
    lost = [json.loads(line) for line in (result.output_dir / "rejected.jsonl").read_text().splitlines()]
    assert [(row["step"], row["outcome"]) for row in lost] == [("spoken", "filtered")]


def test_a_blank_system_prompt_is_none(made: Made) -> None:
    result = made([("system", " "), ("human", "one"), ("gpt", "first")])
    assert records(result) == [[("human", "one"), ("gpt", f"{THOUGHT}first")]]


def test_the_same_conversation_twice_stays_two_conversations(made: Made) -> None:
    result = made(*[[("human", "one"), ("gpt", "first"), ("human", "again"), ("gpt", "first")]] * 2)
    assert [len(talk) for talk in records(result)] == [4, 4]


def test_empty_marks_leave_the_thought_and_the_answer(made: Made) -> None:
    result = made([("human", "one"), ("gpt", "first")], cot_preface="", cot_suffix="")
    assert records(result) == [[("human", "one"), ("gpt", "I look for it, and here it is.\n\nfirst")]]


def test_a_subset_is_the_same_every_time_and_keeps_its_members(made: Made) -> None:
    talks = [[("human", f"question {number}"), ("gpt", f"answer {number}")] for number in range(30)]
    five = records(made(*talks, subset_size=5))
    assert len(five) == 5
    assert records(made(*talks, subset_size=5)) == five
    assert [talk for talk in records(made(*talks, subset_size=10)) if talk in five] == five


@pytest.mark.parametrize(
    ("tokens", "shown"), [(1000, ["one", "first", "two", "other", "three"]), (22, ["other", "three"]), (1, ["three"])]
)
def test_the_model_sees_the_end_of_what_was_said_before(made: Made, tokens: int, shown: list[str]) -> None:
    said = [
        ("human", "one"),
        ("gpt", "first"),
        ("human", "two"),
        ("gpt", "other"),
        ("human", "three"),
        ("gpt", "third"),
    ]
    long = [(who, " ".join(f"{text}{number}" for number in range(5))) for who, text in said]
    [talk] = records(made(long, history_tokens=tokens))
    last = talk[-1][1]
    assert [text for _, text in said[:-1] if f"{text}0" in last.split("</think>")[0]] == shown
    assert ("What was said before this is left out" in last) is (len(shown) < 5)


def test_its_marks_of_thoughts_are_no_placeholders(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"pipeline: rephrase\ninput_dir: {tmp_path}\noutput_dir: out\ncot_preface: <thinking>\n")
    assert lint(config) == []
