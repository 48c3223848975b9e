"""What cases cannot show of `rag_training`: what is drawn over many passages, and that no earlier run is drawn upon."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult

REPLIES = r"""
- when: {contains: usually only one or two are of use, matching: "ask about:\\s+\"\"\"\\s+Fact (?P<fact>\\w+)"}
  reply: |
    **QUESTION:** What is known of fact \g<fact>?
    **ANSWER:** Fact \g<fact> was found by sailors.
- when: {contains: Searches go wrong, matching: "ask about:\\s+\"\"\"\\s+Fact (?P<fact>\\w+)"}
  reply: |
    **QUESTION:** What is known of fact \g<fact>?
    **ANSWER:** Of \g<fact> nothing was found. A list of facts is needed.
"""
LEAN_REPLIES = r"""
- when: {in: last, matching: "^(?P<fact>.+)\nBegin with: (?P<opening>.+)\nAnswer: (?P<told>.+)$"}
  reply: |
    **QUESTION:** \g<opening>?
    **ANSWER:** \g<told>
- when: {in: last, matching: "^(?P<fact>.+)\nBegin with: (?P<opening>.+)$"}
  reply: |
    **QUESTION:** \g<opening>?
    **ANSWER:** \g<fact>
"""
QUIET = {"skip_filter": True, "skip_check": True}


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)  # with a ledger of its own
    (tmp_path / "replies.yaml").write_text(REPLIES)
    scripted = {"provider": "scripted", "script": str(tmp_path / "replies.yaml")}
    return {"small": scripted, "large": scripted}


def library(folder: Path, *facts: str) -> Path:
    folder.mkdir(exist_ok=True)
    lines = (json.dumps({"text": f"Fact {fact} was found by old sailors of the northern islands."}) for fact in facts)
    (folder / "facts.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def many(folder: Path, letter: str = "A", count: int = 120) -> Path:
    return library(folder, *(f"{letter}{number:03}" for number in range(count)))


def made(input_dir: Path, output_dir: Path, models: dict[str, Any], **params: Any) -> RunResult:
    result: RunResult = compile_pipeline("rag_training")(
        input_dir=input_dir, output_dir=output_dir, models=models, **QUIET | params
    )
    assert result.status == "done"
    return result


def records(result: RunResult, name: str = "pairs.jsonl") -> list[Any]:
    return [json.loads(line) for line in (result.output_dir / name).read_text().splitlines()]


def place_of_its_own(pair: dict[str, Any]) -> int | None:
    found = [passage["text"] for passage in pair["found"]]
    return found.index(pair["passage"]) if pair["passage"] in found else None


@pytest.mark.parametrize("distractors", ["random", "nearest"])
def test_wrong_searches_never_find_the_passage_and_right_ones_always(
    tmp_path: Path, model: dict[str, Any], distractors: str
) -> None:
    pairs = records(made(many(tmp_path / "in"), tmp_path / "out", model, distractors=distractors))
    assert len(pairs) == 120
    assert all((place_of_its_own(pair) is None) is pair["misled"] for pair in pairs)
    assert 0.3 < sum(pair["misled"] for pair in pairs) / 120 < 0.5, "of 40%"
    assert {len(pair["found"]) for pair in pairs} == {1, 2, 3}


@pytest.mark.parametrize("distractors", ["random", "nearest"])
def test_no_position_gives_the_right_passage_away(tmp_path: Path, model: dict[str, Any], distractors: str) -> None:
    pairs = records(
        made(many(tmp_path / "in"), tmp_path / "out", model, distractors=distractors, rag_failure_percentage=0)
    )
    of_three = Counter(place_of_its_own(pair) for pair in pairs if len(pair["found"]) == 3)
    assert set(of_three) == {0, 1, 2}
    assert min(of_three.values()) > sum(of_three.values()) / 6


def test_a_second_copy_of_a_passage_is_no_wrong_one(tmp_path: Path, model: dict[str, Any]) -> None:
    twice = library(tmp_path / "in", *("A", "B", "C") * 2)
    pairs = records(made(twice, tmp_path / "out", model, rag_failure_percentage=1, rag_max_chunks=6))
    assert all(place_of_its_own(pair) is None for pair in pairs)


def test_a_library_smaller_than_what_is_asked_of_it_is_no_error(tmp_path: Path, model: dict[str, Any]) -> None:
    pairs = records(made(library(tmp_path / "in", "A", "B"), tmp_path / "out", model, rag_max_chunks=50))
    assert {pair["source"] for pair in pairs} == {"facts.jsonl"}
    assert len(pairs) == 2


def test_other_inputs_in_the_same_folder_leave_nothing_of_the_first(tmp_path: Path, model: dict[str, Any]) -> None:
    first = made(many(tmp_path / "one", "A", 30), tmp_path / "out", model)
    assert "Fact A" in (first.output_dir / "segments.jsonl").read_text()
    second = made(many(tmp_path / "two", "B", 30), tmp_path / "out", model)
    for name in ("segments.jsonl", "chat.jsonl", "pairs.jsonl"):
        assert "Fact A" not in (second.output_dir / name).read_text()
    many(tmp_path / "two", "C", 30)  # an edited document, under the same name
    third = made(tmp_path / "two", tmp_path / "out", model)
    assert "Fact B" not in (third.output_dir / "pairs.jsonl").read_text()


def test_other_parameters_in_the_same_folder_draw_anew(tmp_path: Path, model: dict[str, Any]) -> None:
    source = many(tmp_path / "in", "A", 30)
    rates = {
        rate: sum(
            pair["misled"] for pair in records(made(source, tmp_path / "out", model, rag_failure_percentage=rate))
        )
        for rate in (0, 0.5, 1)
    }
    assert rates[0] == 0 < rates[0.5] < rates[1] == 30
    few = records(made(source, tmp_path / "out", model, rag_max_chunks=1))
    assert {len(pair["found"]) for pair in few} == {1}


def test_two_runs_draw_the_same_and_another_seed_draws_otherwise(
    tmp_path: Path, model: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = many(tmp_path / "in", "A", 30)
    slow = {slot: {**entry, "concurrency": 1} for slot, entry in model.items()}
    texts = []
    for name, models, more in (("a", model, {}), ("b", slow, {}), ("c", model, {"seed": 7})):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        result = made(source, tmp_path / name / "out", models, **more)
        assert sum(step.called for step in result.steps) == 30, "each has a ledger of its own, or other calls"
        texts.append((result.output_dir / "segments.jsonl").read_bytes())
    assert texts[0] == texts[1] != texts[2]


def test_of_k_pairs_k_records_are_made_and_each_teaches_its_last_answer_alone(
    tmp_path: Path, model: dict[str, Any]
) -> None:
    result = made(many(tmp_path / "in", "A", 30), tmp_path / "out", model, items_per_conversation=4)
    chats = [record["messages"] for record in records(result, "chat.jsonl")]
    assert len(chats) == 30
    assert Counter(len(messages) for messages in chats) == {3: 8, 5: 8, 7: 7, 9: 7}, (
        "7 conversations of 4, and one of 2"
    )
    assert all(
        [message["train"] for message in messages] == [False] * (len(messages) - 1) + [True] for messages in chats
    )
    taught = sorted(messages[-1]["content"] for messages in chats)
    assert taught == sorted(pair["answer"] for pair in records(result))

    for messages, segments in zip(chats, records(result, "segments.jsonl"), strict=True):
        learned = [part["text"] for part in segments["segments"] if part["label"]]
        assert learned == [f"{messages[-1]['content']}<|im_end|>"]


def test_the_system_message_holds_what_was_found_for_the_last_question(tmp_path: Path, model: dict[str, Any]) -> None:
    result = made(
        many(tmp_path / "in", "A", 30),
        tmp_path / "out",
        model,
        system_prompts=["Found: {{ data }}", "{data} was found."],
    )
    found = {pair["question"]: [passage["text"] for passage in pair["found"]] for pair in records(result)}
    systems = set()
    for record in records(result, "chat.jsonl"):
        system, question = record["messages"][0]["content"], record["messages"][-2]["content"]
        assert all(text in system for text in found[question])
        assert system.count("Fact ") == len(found[question])
        systems.add((system.startswith("Found: "), system.endswith(" was found.")))
    assert systems == {(True, False), (False, True)}


def test_the_config_that_comes_with_it_ends_well(project_root: Path, tmp_path: Path, model: dict[str, Any]) -> None:
    """As it stands, but for the model and the documents."""
    (tmp_path / "replies.yaml").write_text(LEAN_REPLIES)
    (tmp_path / "in").mkdir()
    for number in range(50):
        (tmp_path / "in" / f"{number}.txt").write_text(
            f"Rock {number} was found by Captain Gray near the northern islands."
        )
    result = compile_pipeline(project_root / "pipeline_specs/rag_training/config.yaml")(
        input_dir=tmp_path / "in", output_dir=tmp_path / "out", models=model
    )
    assert (result.status, result.message) == ("done", "")
    assert len(records(result, "segments.jsonl")) == 40
    assert {pair["question"] for pair in records(result)} <= {f"Who found Rock {number}?" for number in range(50)}


def test_no_system_prompts_leave_the_passages_alone_and_no_admissions_the_models_own_words(
    tmp_path: Path, model: dict[str, Any]
) -> None:
    result = made(
        library(tmp_path / "in", "A", "B", "C"),
        tmp_path / "out",
        model,
        rag_failure_percentage=1,
        items_per_conversation=1,
        system_prompts=[],
        admissions=[],
    )
    talks = [record["messages"] for record in records(result, "chat.jsonl")]
    assert len(talks) == 3
    assert all(talk[0]["role"] == "system" and talk[0]["content"].startswith("[1]") for talk in talks)
