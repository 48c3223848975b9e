"""Lean prompts that show one sentence of a passage, with how a question about it begins, for the smallest models."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from atk_interp.pipeline import compile_pipeline

CHECKS = ["filter", "question_check", "relevancy_check", "accuracy_check", "sources_check", "repair", "conversation"]
FORMS = [
    ("It has no bones. The Golden Gate Bridge was opened in 1937.", "When was the Golden Gate Bridge opened"),
    ("Green glass is made of sand and iron.", "What is green glass made of"),
]
ELSEWHERE = [
    "They are made of sand, soda and lime.",
    "Lightning strikes the tallest tree again and again.",
]


SCRIPT = {
    "factual_qa": """
        - when: {in: last, matching: "^(?P<fact>.+)\\nBegin with: (?P<begin>.+)$"}
          reply: |
            **QUESTION:** \\g<begin>?
            **ANSWER:** \\g<fact>
        """,
    "multi_source_qa": """
        - when: {in: last, matching: "^A: (?P<fact>.+)\\nB: (?P<other>.+)\\nBegin with: (?P<begin>.+)$"}
          reply: |
            **QUESTION:** \\g<begin>?
            **SOURCES:** A, B
            **ANSWER:** \\g<fact>
            **SECOND SENTENCE:** \\g<other>
        """,
}


@pytest.fixture
def begun(project_root: Path, alone: Path) -> Any:
    """What the prompts of a run on some texts begin, by the answers."""

    def run(pipeline: str, texts: Iterable[str]) -> dict[str, str]:
        (alone / "inputs").mkdir()
        for number, text in enumerate(texts):
            (alone / "inputs" / f"{number:02}.txt").write_text(text)
        (alone / "replies.yaml").write_text(textwrap.dedent(SCRIPT[pipeline]))
        slots = ["small", "large"] + ["finder"] * (pipeline == "multi_source_qa")
        spec = (project_root / "pipeline_specs" / pipeline / "pipeline.yaml").read_text()
        config = {
            "pipeline": pipeline,
            "input_dir": "inputs",
            "output_dir": "out",
            "prompts": [str(project_root / "prompts" / pipeline / folder) for folder in ("facts", "lean")],
            "single_facts": True,
            **{f"skip_{name}": True for name in CHECKS if f"  skip_{name}:" in spec},
            "models": {slot: {"provider": "scripted", "script": "replies.yaml"} for slot in slots},
        }
        (alone / "config.yaml").write_text(yaml.safe_dump(config))
        result: Any = compile_pipeline(alone / "config.yaml")()
        lines = (result.output_dir / "pairs.jsonl").read_text().splitlines()
        pairs = [json.loads(line) for line in lines]
        return {pair["answer"]: pair["question"] for pair in pairs}

    return run


def test_a_question_is_begun_by_the_form_of_the_sentence(begun: Any) -> None:
    made = begun("factual_qa", [text for text, _ in FORMS])
    assert made == {text.removeprefix("It has no bones. "): f"{begin}?" for text, begin in FORMS}


def test_a_sentence_that_points_elsewhere_is_not_asked_about(begun: Any) -> None:
    assert begun("factual_qa", [*ELSEWHERE, "Old paper is a thin mat of fibres."]) == {
        "Old paper is a thin mat of fibres.": "What is old paper?"
    }


def test_one_question_is_begun_about_two_passages_and_none_twice(begun: Any) -> None:
    texts = ["Rye bread is made of rye and water.", "Glass is a melt of sand.", "White bread is a loaf of wheat."]
    made = begun("multi_source_qa", [*texts, *ELSEWHERE])
    assert made == {
        "Rye bread is made of rye and water. White bread is a loaf of wheat.": (
            "What is rye bread made of, and what is white bread?"
        ),
    }
