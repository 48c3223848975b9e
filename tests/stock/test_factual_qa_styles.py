"""The styles of questions: folders of prompts that a config puts before those of the pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atk_interp.pipeline import compile_pipeline, lint

PIPELINES = ["factual_qa", "multi_source_qa"]
STYLES = ["comparison", "follow-up", "hallucination", "negative", "open-ended", "vague"]
Told = Callable[..., list[str]]


@pytest.fixture
def told(project_root: Path, tmp_path: Path) -> Told:
    """What lint says of a config with these folders of prompts, which are paths within those of the pipeline."""

    def findings(pipeline: str, *folders: str, question_marks: bool) -> list[str]:
        config = tmp_path / "config.yaml"
        lines = [
            f"pipeline: {project_root / 'pipeline_specs' / pipeline / 'pipeline.yaml'}",
            f"input_dir: {project_root / 'examples' / 'documents'}",
            "output_dir: out",
            f"question_marks: {str(question_marks).lower()}",
            f"prompts: [{', '.join(str(project_root / 'prompts' / pipeline / folder) for folder in folders)}]",
            "models: {small: embedded, large: embedded" + (", finder: embedded}" if "multi" in pipeline else "}"),
        ]
        config.write_text("\n".join(lines) + "\n")
        return [f"{found.code.id} {found.message}" for found in lint(config)]

    return findings


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_styles_are_these(project_root: Path, pipeline: str) -> None:
    folder = project_root / "prompts" / pipeline / "styles"
    assert sorted(path.name for path in folder.iterdir()) == STYLES
    base = {path.name for path in folder.parent.iterdir() if path.suffix}
    assert {path.name for path in folder.glob("*/*.*")} <= base, "a file of another name would never be read"


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_examples_of_a_style_are_read_and_accepted(told: Told, pipeline: str, style: str) -> None:
    assert told(pipeline, f"styles/{style}", question_marks=style != "vague") == []


@pytest.mark.parametrize("style", STYLES)
def test_a_style_for_small_models_goes_before_the_lean_prompts(told: Told, style: str) -> None:
    assert told("factual_qa", f"styles/{style}/lean", "lean", question_marks=style != "vague") == []


VAGUE = """
- when: {contains: You sort the passages}
  reply: "Verdict: suitable"
- when: {contains: You write questions as hurried}
  reply: |
    **QUESTION:** sea high water how often
    **ANSWER:** At the sea it is high water about every twelve hours.

    **QUESTION:** and that is how often
    **ANSWER:** As above.
- when: {contains: Bad spelling}
  reply: "Verdict: relevant"
- when: {contains: whether the answer answers the}
  reply: "Verdict: relevant"
- when: {contains: You check answers against}
  reply: "Verdict: accurate"
- when: {contains: typed in a hurry, matching: "Question: and that is"}
  reply: |
    <repair>reword</repair>
    <reworded_question>moon pulls sea how often</reworded_question>
    <reworded_answer>The moon makes it high water about every twelve hours.</reworded_answer>
- when: {contains: typed in a hurry}
  reply: "<repair>pass</repair>"
- when: {contains: chats between a hurried user}
  reply: |
    User: sea high water how often
    Assistant: About every twelve hours.
    User: and thats the moon
    Assistant: The moon pulls the sea, yes.
"""

HALLUCINATION = """
- when: {contains: that tempt an assistant to make something up}
  reply: |
    **QUESTION:** What is the Harlow constant?
    **ANSWER:** I do not know of it. It is high water about every twelve hours.

    **QUESTION:** What is the Ulmi law of the tides?
    **ANSWER:** It says that the moon pulls the sea.

    **QUESTION:** How often is it high water?
    **ANSWER:** That is not known.

    **QUESTION:** What pulls the sea?
    **ANSWER:** The moon does.
- when: {contains: whether an assistant makes things up, matching: "Question: What pulls"}
  reply: "It is answered as it is asked.\\nVerdict: irrelevant"
- when: {contains: whether an assistant makes things up}
  reply: "Verdict: relevant"
- when: {contains: Two things are to be decided, matching: "Question: What is the Ulmi"}
  reply: "Verdict: irrelevant"
- when: {contains: Two things are to be decided}
  reply: "Verdict: relevant"
- when: {contains: That it calls something unknown, matching: "Question: How often"}
  reply: "It denies what the passage tells.\\nVerdict: inaccurate"
- when: {contains: That it calls something unknown}
  reply: "Verdict: accurate"
"""


def pairs(project_root: Path, tmp_path: Path, style: str, script: str, **params: object) -> list[str]:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "tides.txt").write_text("The moon pulls the sea; every twelve hours it is high water.")
    (tmp_path / "replies.yaml").write_text(script)
    scripted = {"provider": "scripted", "script": str(tmp_path / "replies.yaml")}
    result = compile_pipeline("factual_qa")(
        input_dir=tmp_path / "documents",
        output_dir=tmp_path / "out",
        models={"small": scripted, "large": scripted},
        prompts=project_root / "prompts" / "factual_qa" / "styles" / style,
        votes=1,
        **params,
    )
    lines = (result.output_dir / "pairs.jsonl").read_text().splitlines()
    return [f"{pair['question']} {pair['answer']}" for pair in map(json.loads, lines)]


def test_vague_questions_stay_as_they_are_typed(
    project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert pairs(project_root, tmp_path, "vague", VAGUE, question_marks=False) == [
        "sea high water how often At the sea it is high water about every twelve hours.",
        "moon pulls sea how often The moon makes it high water about every twelve hours.",
    ]
    assert "and thats the moon" in (tmp_path / "out" / "conversations.jsonl").read_text()


def test_an_answer_that_makes_something_up_or_denies_what_is_known_is_voted_down(
    project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    skipped = {"skip_filter": True, "skip_repair": True, "skip_conversation": True}
    assert pairs(project_root, tmp_path, "hallucination", HALLUCINATION, **skipped) == [
        "What is the Harlow constant? I do not know of it. It is high water about every twelve hours."
    ]
    lost = [json.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").read_text().splitlines()]
    assert [record["step"] for record in lost] == ["answerable", "relevant", "accurate"]
