"""Why a call would be sent: what is not as it was in the recorded call that is nearest to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.rehearsal.changes import Difference, Why, why_sent
from support.pipelines import compiled, run, said

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: the first text}, {text: a second one}, {text: and the third}]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {text: reply}
        sampling: {temperature: 0.5}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
PROMPTS = {
    "ask": """\
- system: You are brief.
- user: |
    Tell me about this:
    {{ text }}
    In one sentence.
"""
}
MODEL: dict[str, Any] = {"model": "test-model"}


async def why(
    folder: Path, spec: str = SPEC, prompt: str = PROMPTS["ask"], row: str | None = None, **model: Any
) -> Why:
    plan = compiled(folder, spec, {"ask": prompt}).plan({"output_dir": "out", "models": {"m": {**MODEL, **model}}})
    return await why_sent(plan, folder / "ledger.db", "ask", row)


@pytest.fixture
async def recorded(tmp_path: Path) -> Path:
    await run(tmp_path, SPEC, said, PROMPTS, settings=MODEL)
    return tmp_path


async def test_nothing_is_to_be_told_of_calls_that_are_recorded(recorded: Path) -> None:
    assert (await why(recorded)).call is None
    assert (await why(recorded, row="2")).call is None


async def test_before_the_first_run_every_call_is_new(tmp_path: Path) -> None:
    told = await why(tmp_path)
    assert told.call is not None
    assert told.call.row.fields == {"text": "the first text"}
    assert told.nearest is None


async def test_a_changed_prompt_is_shown_beside_the_call_of_the_same_row(recorded: Path) -> None:
    told = await why(recorded, prompt=PROMPTS["ask"].replace("one sentence", "two sentences"), row="2")
    (part,) = told.differences
    assert part.part == "message 2 (user)"
    assert part.lines() == [" a second one", "-In one sentence.", "+In two sentences."]


async def test_another_model_and_other_sampling_are_told_by_their_values(recorded: Path) -> None:
    told = await why(recorded, SPEC.replace("{temperature: 0.5}", "{temperature: 0.7, top_p: 0.9}"), model="other")
    assert told.differences == (
        Difference("model", "test-model", "other"),
        Difference("sampling temperature", "0.5", "0.7"),
        Difference("sampling top_p", None, "0.9"),
    )


async def test_a_message_more_and_a_role_that_changed_are_told(recorded: Path) -> None:
    told = await why(
        recorded, prompt=PROMPTS["ask"].replace("system", "developer") + "- assistant: So\n- user: Go on.\n"
    )
    assert [part.part for part in told.differences] == [
        "message 1 (system, now developer)",
        "message 3 (assistant)",
        "message 4 (user)",
    ]
    assert told.differences[1].old is None


async def test_one_sample_more_is_the_same_request(recorded: Path) -> None:
    told = await why(recorded, SPEC.replace("sampling:", "samples: 2\n        sampling:"))
    assert told.call is not None
    assert told.call.sample == 1
    assert told.nearest is not None
    assert told.differences == ()


async def test_a_new_row_is_new_when_its_text_is_most_of_the_message(recorded: Path) -> None:
    told = await why(recorded, SPEC.replace("and the third", "something else altogether " * 20), row="3")
    assert told.call is not None
    assert told.nearest is None
