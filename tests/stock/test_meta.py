"""Training data from the calls of other pipelines: which calls, and what is left of their prompts."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult

CASE = Path(__file__).resolve().parent / "cases" / "meta" / "drawn"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The case, with a ledger of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(CASE, tmp_path / "case", ignore=shutil.ignore_patterns("expect"))
    return tmp_path


async def ran(place: Path, folder: str = "out", **given: Any) -> RunResult:
    result = await compile_pipeline(place / "case" / "config.yaml").run({"output_dir": str(place / folder), **given})
    assert result.status == "done", result.message
    return result


def last(row: dict[str, Any]) -> tuple[str, str]:
    """The task of a call, and its reply."""
    return row["messages"][-2]["content"].strip(), row["messages"][-1]["content"].strip()


async def test_votes_are_written_with_all_else_and_those_alone_that_agree_with_the_outcome(place: Path) -> None:
    """One vote of three was against each pair that came through, and a pair that was voted down has no calls at all."""
    rows = list((await ran(place)).rows("as_sent.jsonl"))
    votes = [reply for task, reply in map(last, rows) if "Question: What do people say" in task and "Verdict" in reply]
    assert "Verdict: relevant" in votes
    assert "Verdict: irrelevant" not in votes
    assert not [task for task, _ in map(last, rows) if "say of Mules" in task]


async def test_of_the_examples_of_a_prompt_some_are_left_in_their_order(place: Path) -> None:
    result = await ran(place)
    sent = {last(row): row["messages"] for row in result.rows("as_sent.jsonl")}
    left: Counter[int] = Counter()
    for row in result.rows("chat.jsonl"):
        examples, whole = row["messages"][1:-2], sent[last(row)][1:-2]
        plain = [{**message, "train": False} for message in whole]
        places = [plain.index(message) for message in examples]
        assert places == sorted(places)
        assert [message["role"] for message in examples] == ["user", "assistant"] * (len(examples) // 2)
        assert [message["train"] for message in row["messages"]] == [False] * (len(row["messages"]) - 1) + [True]
        left[len(examples)] += 1
    assert left[0]
    assert len(left) > 1


async def test_no_few_shots_and_no_short_instructions_where_that_is_asked_for(place: Path) -> None:
    result = await ran(place, no_examples_share=1, short_system_share=1)
    assert {len(row["messages"]) for row in result.rows("chat.jsonl")} == {3}
    systems = {row["messages"][0]["content"].split(".")[0] for row in result.rows("chat.jsonl")}
    assert "List the facts of the passage, one a line, with numbers" in systems
    whole = await ran(place, "whole", short_system_share=0)
    assert not [row for row in whole.rows("chat.jsonl") if row["messages"][0]["content"].startswith("List the facts")]


async def test_each_run_draws_its_settings_and_none_again_before_all_have_come(place: Path) -> None:
    result = await ran(place)
    read = Counter(
        step.name.split(".")[0] for step in result.steps if step.name.endswith(".documents") and step.rows_out
    )
    assert read == {"passages_mended": 1, "said_anew": 1, "asked_of_one": 3, "put_right": 1}
    fewer = await ran(place, "fewer", factual_qa_runs=2)
    assert sum(step.called for step in fewer.steps) == 0
