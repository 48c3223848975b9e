"""Passages that say the same, such as a licence in every document, are asked about once, whatever is made of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from atk_interp.pipeline import compile_pipeline

PIPELINES = (
    "corrections",
    "factual_qa",
    "multi_source_qa",
    "preference_pairs",
    "rag_training",
    "representation_variation",
    "roleplay",
)
DOCUMENTS = {
    "one.txt": "The mill was built in 1776, and it has ground ever since.",
    "two.txt": "THE MILL was built in 1776 -\nand it has ground ever since!",
    "three.txt": "The mill burnt down in 1801, and nobody has built it again.",
}


@pytest.mark.parametrize("name", PIPELINES)
def test_passages_that_say_the_same_are_asked_about_once_and_the_others_told(name: str, documents: Path) -> None:
    given = {"input_dir": documents, "output_dir": documents.parent / "out"}
    result = asyncio.run(compile_pipeline(name).run(given, until="distinct_passages"))

    assert result.status == "done", result.message
    books = {state.name: state for state in result.steps}["distinct_passages"]
    assert (books.rows_in, books.rows_out, books.filtered) == (3, 2, 1)
    [lost] = [json.loads(line) for line in (result.output_dir / "rejected.jsonl").read_text().splitlines()]
    assert lost["label"] == "says the same as another row"
