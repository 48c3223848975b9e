"""A system prompt of blanks is none, as an empty one is: no row that was paid for falls out for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.stock_case import ran

CASES = Path(__file__).parent / "cases"
NONE: dict[str, Any] = {"system_prompts": [" "], "rag_prompts": [" "]}
TALKS = {"messages": "role", "conversations": "from"}


def firsts(rows: Iterator[dict[str, Any]]) -> list[str]:
    """Who speaks first in each conversation."""
    return [row[key][0][role] for row in rows for key, role in TALKS.items() if key in row]


@pytest.mark.parametrize(
    ("name", "given", "outputs"),
    [
        ("factual_qa/mended", NONE, ["qa.jsonl", "conversations.jsonl"]),
        ("multi_source_qa/checked", NONE, ["qa.jsonl", "conversations.jsonl"]),
        ("corrections/checked", {"system_prompt": " \n"}, ["corrections_chat.jsonl"]),
        (
            "complete_factual/two_folders",
            {"system_prompts": [" "], "plain_system_prompt": " ", "add_thoughts": False},
            ["qa.jsonl"],
        ),
    ],
)
async def test_conversations_begin_with_the_user(
    name: str, given: dict[str, Any], outputs: list[str], alone: Path
) -> None:
    shutil.copytree(CASES / name, alone / "case")
    result = await ran(alone / "case", **given)
    for output in outputs:
        speakers = firsts(result.rows(output))
        assert speakers
        assert not {*speakers} - {"user", "human"}


async def test_with_blank_prompts_there_are_no_conversations_about_a_passage(alone: Path) -> None:
    shutil.copytree(CASES / "factual_qa/mended", alone / "case")
    result = await ran(alone / "case", **NONE)
    assert not [*result.rows("qa_rag.jsonl"), *result.rows("conversations_rag.jsonl")]


async def test_preference_pairs_have_no_blank_system_message(alone: Path) -> None:
    shutil.copytree(CASES / "preference_pairs/judged", alone / "case")
    result = await ran(alone / "case", system_prompt=" ")
    pairs = list(result.rows("preferences.jsonl"))
    assert pairs
    assert all(message["role"] != "system" for pair in pairs for message in pair["prompt"])
