"""What the cases of `representation_variation` cannot show: the same rows in every run, and filters that stay."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import CannotRun, RunResult

CASE = Path(__file__).parent / "cases" / "representation_variation" / "everything"
SCRIPT = yaml.safe_load((CASE / "replies.yaml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(where: str, *, inputs: Path = CASE / "inputs", concurrency: int = 8, **params: Any) -> RunResult:
    """A run in a folder with a ledger of its own."""
    folder = Path(where).resolve()
    folder.mkdir(exist_ok=True)
    (folder / "replies.yaml").write_text(yaml.safe_dump(SCRIPT), encoding="utf-8")
    model = {"provider": "scripted", "script": str(folder / "replies.yaml"), "concurrency": concurrency}
    values = {"input_dir": inputs, "output_dir": folder / "out", "models": {"small": model, "large": model}}
    settings = {"make_inferred_facts": True, "noise": ["random", "typos"], "typo_rate": 0.2, "variations": 4, **params}
    with contextlib.chdir(folder):
        result: RunResult = compile_pipeline("representation_variation")(**values, **settings)
    return result


def written(result: RunResult, name: str = "provenance.jsonl") -> str:
    return (result.output_dir / name).read_text(encoding="utf-8")


def records(result: RunResult) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(result).splitlines()]


def test_forms_and_noise_are_the_same_in_every_run_whatever_runs_at_a_time() -> None:
    one, many = made("one", concurrency=1), made("many", concurrency=16)
    assert sum(state.called for state in one.steps) == sum(state.called for state in many.steps) > 0
    assert written(one) == written(many)


def test_another_seed_draws_other_forms_and_other_noise() -> None:
    first, other = records(made("first")), records(made("other", seed=7))
    assert [row["piece"] for row in first] != [row["piece"] for row in other]
    salt = [[row["text"] for row in rows if row["source"] == "salt.txt"] for rows in (first, other)]
    assert salt[0][0] == salt[1][0], "the passage itself"
    assert salt[0][1:] != salt[1][1:], "its noise"


def test_a_new_document_changes_nothing_of_the_others(place: Path) -> None:
    inputs = place / "more"
    inputs.mkdir()
    for file in (CASE / "inputs").iterdir():
        (inputs / file.name).write_bytes(file.read_bytes())
    (inputs / "aardvarks.txt").write_text("Aardvarks dig for ants at night, and sleep by day.", encoding="utf-8")
    before, after = records(made("before")), records(made("after", inputs=inputs))
    assert [record for record in after if record["source"] != "aardvarks.txt"] == before


def test_a_passage_that_was_filtered_comes_back_in_no_later_run() -> None:
    changes: list[dict[str, Any]] = [{}, {}, {"noise": []}, {"variations": 5}]
    for params in changes:
        result = made("again", **params)
        assert result.status == "done"
        assert "Contents: 1 Lichens" not in written(result, "final_output.jsonl")


def test_braces_of_a_document_and_of_a_prompt_are_sent_as_they_are() -> None:
    """Each JSON prompt holds the passage: no `{text}` of the prompt's own is left, and those of the passage are."""
    said = [record["text"] for record in records(made("braces", forms=["json"], variations=1, noise=[]))]
    assert any('"notation": {"lichen": ["fungus", {text}]}' in text for text in said)


def test_all_forms_come_before_one_comes_again() -> None:
    forms = [
        record["piece"] for record in records(made("all", variations=8, noise=[])) if record["source"] == "lichens.txt"
    ]
    drawn = [form for form in forms if form not in ("passage", "atomic facts", "inferred facts")]
    assert len(drawn) == len(set(drawn)) == 8


def test_a_form_or_a_noise_that_there_is_none_of_is_told_before_anything_is_asked() -> None:
    with pytest.raises(CannotRun, match="item 2 cannot be `esay`"):
        made("slip", forms=["essay", "esay"])
    with pytest.raises(CannotRun, match="item 1 cannot be `loud`"):
        made("slip", noise=["loud"])


def test_a_text_without_a_context_has_no_line_for_it() -> None:
    result = made("alone", noise=[], include_context_in_dataset=True)
    texts = [json.loads(line)["text"] for line in written(result, "final_output.jsonl").splitlines()]
    assert texts
    assert all(text.startswith("Source: ") for text in texts)
