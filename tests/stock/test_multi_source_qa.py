"""What the cases of `multi_source_qa` cannot show: documents that change between runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult

SCRIPT = """
- when: {contains: You write questions that can only}
  reply: |
    **QUESTION:** Why is it high water twice a day?
    **SOURCES:** A, B
    **ANSWER:** Because of the moon.
"""
SKIPPED = ("skip_filter", "skip_sources_check", "skip_accuracy_check", "skip_repair", "skip_conversation")
DOCUMENTS = {
    "moon.txt": "The moon pulls the water of the sea.",
    "sun.txt": "The sun pulls the water of the sea, too.",
    "harbour.txt": "Large ships enter at high water.",
}


def made(documents: Path, out: str, **params: object) -> tuple[RunResult, dict[str, list[str]]]:
    """The run, and which texts were shown beside the passage of each document."""
    (documents.parent / "replies.yaml").write_text(SCRIPT)
    scripted = {"provider": "scripted", "script": str(documents.parent / "replies.yaml")}
    result = compile_pipeline("multi_source_qa")(
        input_dir=documents,
        output_dir=documents.parent / out,
        models=dict.fromkeys(("small", "large", "finder"), scripted),
        **dict.fromkeys(SKIPPED, True),
        **params,
    )
    rows = [json.loads(line) for line in (result.output_dir / "sources.jsonl").read_text().splitlines()]
    return result, {row["source"]: [near["text"] for near in row["related"]] for row in rows}


@pytest.mark.parametrize("search", ["words", "meaning"])
def test_an_edited_document_is_found_as_it_is_now(documents: Path, search: str) -> None:
    """As many documents as before, so that an index kept by their number would be stale."""
    made(documents, "first", search=search, related_count=1)
    (documents / "sun.txt").write_text("At full moon the sun pulls the water of the sea as the moon does.")
    _, shown = made(documents, "second", search=search, related_count=1)
    assert shown["moon.txt"] == ["At full moon the sun pulls the water of the sea as the moon does."]


def test_only_what_has_changed_is_asked_about_and_embedded_again(documents: Path) -> None:
    made(documents, "first", search="meaning", related_count=1)
    (documents / "harbour.txt").write_text("Large ships enter the harbour at high water.")
    result, _ = made(documents, "second", search="meaning", related_count=1)
    paid = {step.name: step.called for step in result.steps if step.called}
    assert paid == {"near_in_meaning": 1, "questions": 1}


def test_a_subset_is_asked_about_and_all_passages_are_searched(documents: Path) -> None:
    result, shown = made(documents, "out", subset_size=1, related_count=2, search="meaning")
    assert {step.name: step.rows_out for step in result.steps}["chosen"] == 1
    assert [len(texts) for texts in shown.values()] == [2]
