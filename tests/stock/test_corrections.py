"""What the cases of `corrections` cannot show: what is learned whatever is said twice, and filters that stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult

CASE = Path(__file__).parent / "cases" / "corrections" / "checked"
SCRIPT = {"provider": "scripted", "script": str(CASE / "replies.yaml")}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # with a ledger of its own
    return tmp_path


def made(place: Path, script: dict[str, Any] = SCRIPT, **params: Any) -> RunResult:
    settings = {"use_filenames": True, **params}
    models = {"small": script, "large": script}
    result: RunResult = compile_pipeline("corrections")(
        input_dir=CASE / "inputs", output_dir=place / "out", models=models, **settings
    )
    return result


def records(result: RunResult, name: str) -> list[Any]:
    return [json.loads(line) for line in (result.output_dir / name).read_text(encoding="utf-8").splitlines()]


def test_a_flawed_answer_that_is_said_again_costs_no_row_and_is_learned_only_where_the_correction_quotes_it(
    place: Path,
) -> None:
    flawed = "In the dam."
    (beavers,) = [
        record["segments"]
        for record in records(made(place), "corrections.jsonl")
        if flawed in "".join(segment["text"] for segment in record["segments"])
    ]
    assert "".join(segment["text"] for segment in beavers).count(flawed) == 3
    learned = [segment["text"] for segment in beavers if segment["label"]]
    assert learned == ["I was wrong to say: In the dam. Beavers live in lodges.<|im_end|>"]


@pytest.mark.parametrize("flawed", ["Where do they live?", "sure?", "user", "I was wrong", "assistant\n"])
def test_the_last_answer_alone_is_learned_whatever_the_flawed_one_repeats(place: Path, flawed: str) -> None:
    tags = {
        "initial_question": "Where do they live?",
        "flawed_answer": flawed,
        "followup_confirmation": "Are you sure?",
        "correct_answer": "I was wrong. In lodges.",
    }
    reply = "".join(f"<{name}>{text}</{name}>" for name, text in tags.items())
    (place / "script.yaml").write_text(yaml.safe_dump([{"reply": reply}]), encoding="utf-8")
    script = {"provider": "scripted", "script": str(place / "script.yaml")}
    result = made(place, script, skip_filter=True, skip_check=True)
    segments = records(result, "corrections.jsonl")
    assert len(segments) == 5, "a row for each passage"
    assert all(
        [segment["text"] for segment in record["segments"] if segment["label"]] == ["I was wrong. In lodges.<|im_end|>"]
        for record in segments
    )
    assert all(
        [message["train"] for message in record["messages"]] == [False, False, False, False, True]
        for record in records(result, "corrections_chat.jsonl")
    )


def test_what_was_filtered_or_voted_down_comes_back_in_no_later_run(place: Path) -> None:
    changes: list[dict[str, Any]] = [{}, {}, {"system_prompt": ""}, {"votes": 5}]
    for params in changes:
        result = made(place, **params)
        assert {record["source"] for record in records(result, "pieces.jsonl")} == {"beavers.txt", "seasons.txt"}
