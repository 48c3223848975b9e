"""The stock pipeline `factual_qa`, led through every branch by a scripted model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import compile_pipeline, lint
from atk_interp.runtime import RunResult

HERE = Path(__file__).parent
SCRIPTED = {"provider": "scripted", "script": str(HERE / "factual_qa.script.yaml")}
SYSTEM = "You are a helpful, knowledgeable assistant. Answer the question accurately."
DOCUMENTS = {
    "contents.txt": "Contents of this book: 1 Tides, 2 Ice, 3 Wind, 4 Index of names.",
    "ice.txt": "Ice floats on water because it is less dense than water is.",
    "tides.txt": "The moon pulls the sea, and about every twelve hours it is high water.",
}


def made(tmp_path: Path, documents: Path, **params: Any) -> RunResult:
    pipeline = compile_pipeline("factual_qa")
    models = {"small": SCRIPTED, "large": SCRIPTED}
    result: RunResult = pipeline(input_dir=documents, output_dir=tmp_path / "out", models=models, **params)
    return result


def records(result: RunResult, name: str) -> list[Any]:
    return [json.loads(line) for line in (result.output_dir / name).read_text().splitlines()]


def turns(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(turn["from"], turn["value"]) for turn in record["conversations"]]


@pytest.mark.parametrize("name", ["pipeline.yaml", "config.yaml"])
def test_it_lints_clean(project_root: Path, name: str) -> None:
    assert lint(project_root / "pipeline_specs" / "factual_qa" / name) == []


def test_pairs_are_checked_mended_and_written_singly(tmp_path: Path, documents: Path) -> None:
    result = made(tmp_path, documents)
    assert [turns(record) for record in records(result, "qa.jsonl")] == [
        [
            ("system", SYSTEM),
            ("human", "Why does ice float on water?"),
            ("gpt", "Ice floats on water because it is less dense."),
        ],
        [("system", SYSTEM), ("human", "What pulls the sea?"), ("gpt", "The moon pulls the sea.")],
        [("system", SYSTEM), ("human", "How often is it high water?"), ("gpt", "About every twelve hours.")],
    ]


def test_the_pairs_of_a_passage_become_one_conversation(tmp_path: Path, documents: Path) -> None:
    result = made(tmp_path, documents)
    assert [turns(record)[1:] for record in records(result, "conversations.jsonl")] == [
        [("human", "Why does ice float?"), ("gpt", "Because it is less dense than water.")],
        [
            ("human", "Hello! What pulls the sea?"),
            ("gpt", "The moon does."),
            ("human", "And how often is it high water?"),
            ("gpt", "About every twelve hours."),
        ],
    ]


def test_every_loss_is_recorded_with_its_reason_and_reply(tmp_path: Path, documents: Path) -> None:
    lost = {
        (record["step"], record["outcome"], record["label"]): record
        for record in records(made(tmp_path, documents), "rejected.jsonl")
    }
    assert sorted(lost) == [
        ("accurate", "filtered", "voted down: is_accurate | share >= 0.5"),
        ("answerable", "filtered", "voted down: is_answerable | share >= 0.5"),
        ("judged", "filtered", 'keep: repair != "fail"'),
        ("questions", "rejected", "the passage is not mentioned"),
        ("questions", "rejected", "the same was said before in the reply"),
        ("suitable", "filtered", 'keep: suitability == "suitable"'),
    ]
    voted_down = lost["accurate", "filtered", "voted down: is_accurate | share >= 0.5"]
    assert [attempt["reply"] for attempt in voted_down["attempts"]] == ["Verdict: inaccurate"] * 2


def test_the_books_of_every_step_balance(tmp_path: Path, documents: Path) -> None:
    states = {state.name: state for state in made(tmp_path, documents).steps}
    assert all(
        state.rows_in == state.passed + state.filtered + state.rejected + state.merged
        for state in states.values()
        if state.rows_in
    )
    assert states["suitable"].called == 4, "one unreadable verdict is asked for again"
    assert states["questions"].refused == 2
    assert states["answerable"].called == 6 * 2 + 1, "two equal votes of three decide"
    assert states["by_passage"].merged == 1


def test_what_is_skipped_asks_nothing(tmp_path: Path, documents: Path) -> None:
    skipped = (
        "skip_filter",
        "skip_question_check",
        "skip_relevancy_check",
        "skip_accuracy_check",
        "skip_repair",
        "skip_conversation",
    )
    result = made(tmp_path, documents, system_prompts=[], **dict.fromkeys(skipped, True))
    assert {state.name for state in result.steps if state.called} == {"questions"}
    assert {state.name for state in result.steps if state.skipped == state.rows_in > 0} == {
        "suitable",
        "answerable",
        "relevant",
        "accurate",
        "judged",
        "conversations",
    }
    assert turns(records(result, "conversations.jsonl")[-1]) == [
        ("human", "What pulls the sea?"),
        ("gpt", "The moon pulls the sea."),
        ("human", "How often is it high water?"),
        ("gpt", "About every twelve hours."),
        ("human", "Why is sea water salty?"),
        ("gpt", "Rivers bring the salt."),
    ]


def test_a_subset_takes_only_so_many_passages(tmp_path: Path, documents: Path) -> None:
    result = made(tmp_path, documents, subset_size=1, skip_filter=True)
    assert {state.name: state.rows_out for state in result.steps}["chosen"] == 1


def test_records_of_one_file_do_not_share_a_conversation(tmp_path: Path, alone: Path) -> None:
    lines = [json.dumps({"text": DOCUMENTS[name]}) for name in ("ice.txt", "tides.txt")]
    (alone / "both.jsonl").write_text("\n".join(lines) + "\n")
    result = made(tmp_path, alone / "both.jsonl", skip_conversation=True)
    assert [turns(record)[1][1] for record in records(result, "conversations.jsonl")] == [
        "Why does ice float on water?",
        "What pulls the sea?",
    ]
