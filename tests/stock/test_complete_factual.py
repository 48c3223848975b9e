"""The composition of the factual pipelines: every part works on the documents that it is meant for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import CannotRun, RunResult
from support.stock_case import ran

CASE = Path(__file__).resolve().parent / "cases" / "complete_factual" / "two_folders"
DATA = ("pretraining.jsonl", "qa_text.jsonl", "rag.jsonl", "corrections.jsonl", "sources.jsonl")


def texts(result: RunResult, name: str) -> list[str]:
    return [json.dumps(row) for row in result.rows(name)]


async def test_every_part_of_every_folder_is_made_of_its_own_mended_documents(case: Path) -> None:
    """Both folders have files of the same names: neither is taken for the other, nor is the last one taken for all."""
    result = await ran(case)
    for name in DATA:
        written = texts(result, name)
        assert any("Bees" in text for text in written), name
        assert any("Locks" in text for text in written), name
        assert not [text for text in written if "Bees" in text and "Locks" in text], name
    of_folder = {(row["folder"], row["passage"].split()[0]) for row in result.rows("sources.jsonl")}
    assert of_folder == {("bees", "Bees"), ("locks", "Locks")}

    # And of the mended text, not of that which was read.
    everything = "".join(text for name in DATA for text in texts(result, name))
    assert "flowers are" in everything
    assert "flow-" not in everything


async def test_an_edited_document_is_asked_about_again_and_no_other_folder(case: Path) -> None:
    await ran(case)
    (case / "inputs" / "locks" / "one.txt").write_text("Locks lower boats without any pump.\n")
    result = await ran(case, "again")
    asked = {step.name.rsplit(".", 1)[0] for step in result.steps if step.called and step.name[0] != "t"}
    assert {"rag.2", "corrections.2", "asked_of_one.7", "cleaned.2"} <= asked
    assert not asked & {"rag.1", "corrections.1", "asked_of_one.1", "cleaned.1", "said_anew.1"}
    assert not [text for name in DATA for text in texts(result, name) if "lift boats" in text]


async def test_a_second_repeat_asks_for_other_replies_and_leaves_the_first_as_it_was(case: Path) -> None:
    once = await ran(case, "once", repeats=1)
    twice = await ran(case, "twice")
    questions = [row["question"] for row in once.rows("sources.jsonl")]
    assert not any("Once more" in question for question in questions)
    assert set(questions) < {row["question"] for row in twice.rows("sources.jsonl")}
    assert sum(step.called for step in twice.steps if step.name.startswith("asked_of_one.1.")) == 0


async def test_general_data_follow_the_tokens_of_our_own_and_no_instruction_is_added_twice(case: Path) -> None:
    few = await ran(case, "few", least_general_tokens=0, general=[{"path": "code.jsonl", "share": 0.015}])
    all_of_them = await ran(case, "all", least_general_tokens=100000)
    again = await ran(case, "all", least_general_tokens=100000, votes=1)
    assert 0 < len(texts(few, "general.jsonl")) < 3
    assert len(texts(all_of_them, "general.jsonl")) == 6
    assert texts(again, "general.jsonl") == texts(all_of_them, "general.jsonl")
    assert all(text.count("Be brief.") <= 1 for text in texts(again, "general.jsonl"))


@pytest.mark.parametrize(
    ("name", "folder", "told"),
    [
        ("complete_factual/two_folders", "general_dir", "`general` needs `general_dir`; "),
        ("meta/drawn", "conversations_dir", "`rephrase_runs` need `conversations_dir`; "),
    ],
)
async def test_nothing_runs_without_the_folder_of_what_is_asked_for(
    name: str, folder: str, told: str, alone: Path
) -> None:
    """The folder of the program is none to take conversations from."""
    shutil.copytree(CASE.parents[1] / name, alone / "case")
    config = alone / "case" / "config.yaml"
    config.write_text("".join(line for line in config.read_text().splitlines(True) if not line.startswith(folder)))
    with pytest.raises(CannotRun, match=told):
        await compile_pipeline(config).run({"output_dir": str(alone / "out")})


@pytest.mark.parametrize("name", ["complete_factual/skipped", "meta/drawn"])
async def test_what_is_switched_off_is_not_told_of(name: str, alone: Path) -> None:
    shutil.copytree(CASE.parents[1] / name, alone / "case")
    told: list[str] = []
    pipeline = compile_pipeline(alone / "case" / "config.yaml")
    await pipeline.run({"output_dir": str(alone / "out")}, listeners=[lambda event: told.append(str(event))])
    assert told
    assert not [event for event in told if "nothing to work on" in event or "step `thought_over.talks`" in event]
