"""What the cases of `roleplay` cannot show: runs that end early and go on, and one cast in any order of replies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import Pipeline, compile_pipeline
from atk_interp.runtime import RunResult

CASE = Path(__file__).resolve().parent / "cases" / "roleplay" / "all_branches"
STORY = 'User: "One?"\nCharacter: "One."\nUser: "Thank you."\nCharacter: "Sit down."\n'


@pytest.fixture
def roleplay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """The pipeline on the inputs of the case, with a ledger of its own."""
    shutil.copytree(CASE, tmp_path / "case", ignore=shutil.ignore_patterns("expect"))
    monkeypatch.chdir(tmp_path)
    return compile_pipeline(tmp_path / "case" / "config.yaml")


def called(result: RunResult) -> dict[str, int]:
    return {step.name: step.called for step in result.steps if step.called}


def records(folder: Path, name: str = "stories.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


async def test_a_run_up_to_the_cards_is_kept_and_goes_on_with_another_model(roleplay: Pipeline, tmp_path: Path) -> None:
    """The characters are made by one model, looked at, and played by another: nothing of the first phase is lost, and
    nothing of it is asked again."""
    cards = await roleplay.run({"output_dir": "cards"}, until="scene_cards")
    stories = await roleplay.run({"output_dir": "out"}, until="stories")
    writer = ScriptedClient([{"reply": STORY}], name="another writer")
    other = await roleplay.run({"output_dir": "other"}, clients={"large": writer})

    assert set(called(cards)) == {"emotions_named", "archetypes_written", "featured", "cards", "merged"}
    assert len(records(tmp_path / "cards", "scene_cards.rows.jsonl")) == 7
    assert called(stories) == {"stories": 10}
    assert len(records(tmp_path / "out", "stories.rows.jsonl")) == 6
    assert set(called(other)) == {"stories", "rated"}
    assert writer.calls == 7
    assert {record["story"][1]["text"] for record in records(tmp_path / "other")} == {'"One."'}


async def test_a_run_that_was_interrupted_keeps_every_finished_story_and_asks_for_the_others_alone(
    roleplay: Pipeline, tmp_path: Path
) -> None:
    trial = await roleplay.run({"output_dir": "out"}, limit=3)
    some = records(tmp_path / "out", "stories.trial.jsonl")
    whole = await roleplay.run({"output_dir": "out"})
    at_once = await roleplay.run({"output_dir": "fresh"}, ledger=tmp_path / "fresh.db")

    assert [record["source"] for record in some] == ["a_aldmoor.txt", "b_brackwell.txt", "c_corrin.txt"]
    assert records(tmp_path / "out")[:3] == some
    assert records(tmp_path / "out") == records(tmp_path / "fresh")
    sent = [sum(called(result).values()) for result in (trial, whole, at_once)]
    assert sent[0] + sent[1] == sent[2]


async def test_a_story_that_is_answered_late_does_not_change_who_is_who(roleplay: Pipeline, tmp_path: Path) -> None:
    """The card of a character follows from the order of the passages, not from that of the replies."""
    await roleplay.run({"output_dir": "warm", "skip_merging": True}, until="stories")
    first = records(tmp_path / "warm", "stories.rows.jsonl")

    # The card of the second passage is in the ledger already, and so comes before that of the first.
    shutil.move(tmp_path / "case" / "inputs" / "a_aldmoor.txt", tmp_path / "a_aldmoor.txt")
    ledger = tmp_path / "late.db"
    await roleplay.run({"output_dir": "without", "skip_merging": True}, until="stories", ledger=ledger)
    shutil.move(tmp_path / "a_aldmoor.txt", tmp_path / "case" / "inputs" / "a_aldmoor.txt")
    await roleplay.run({"output_dir": "late", "skip_merging": True}, until="stories", ledger=ledger)

    assert first == records(tmp_path / "late", "stories.rows.jsonl")
    assert {record["name"] for record in first if record["character"] == "tamsin vey"} == {
        "Old Tamsin Vey (ferrywoman)"
    }
