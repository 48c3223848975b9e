"""Training data from the calls of other pipelines: which calls, and what is left of their prompts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from support.stock_case import ran

CASE = Path(__file__).resolve().parent / "cases" / "meta" / "drawn"


def last(row: dict[str, Any]) -> tuple[str, str]:
    """The task of a call, and its reply."""
    return row["messages"][-2]["content"].strip(), row["messages"][-1]["content"].strip()


async def test_votes_are_written_with_all_else_and_those_alone_that_agree_with_the_outcome(case: Path) -> None:
    """One vote of three was against each pair that came through, and a pair that was voted down has no calls at all."""
    rows = list((await ran(case)).rows("as_sent.jsonl"))
    votes = [reply for task, reply in map(last, rows) if "Question: What do people say" in task and "Verdict" in reply]
    assert "Verdict: relevant" in votes
    assert "Verdict: irrelevant" not in votes
    assert not [task for task, _ in map(last, rows) if "say of Mules" in task]


async def test_of_the_examples_of_a_prompt_some_are_left_in_their_order(case: Path) -> None:
    result = await ran(case)
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


async def test_no_few_shots_and_no_short_instructions_where_that_is_asked_for(case: Path) -> None:
    result = await ran(case, no_examples_share=1, short_system_share=1)
    assert {len(row["messages"]) for row in result.rows("chat.jsonl")} == {3}
    systems = {row["messages"][0]["content"].split(".")[0] for row in result.rows("chat.jsonl")}
    assert "List the facts of the passage, one a line, with numbers" in systems
    whole = await ran(case, "whole", short_system_share=0)
    assert not [row for row in whole.rows("chat.jsonl") if row["messages"][0]["content"].startswith("List the facts")]


async def test_each_run_draws_its_settings_and_none_again_before_all_have_come(case: Path) -> None:
    result = await ran(case)
    read = Counter(
        step.name.split(".")[0] for step in result.steps if step.name.endswith(".documents") and step.rows_out
    )
    assert read == {"passages_mended": 1, "said_anew": 1, "asked_of_one": 3, "put_right": 1}
    fewer = await ran(case, "fewer", factual_qa_runs=2)
    assert sum(step.called for step in fewer.steps) == 0
