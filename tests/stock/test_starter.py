"""The walk through changing `starter`, in its README: what is shown there can be written as it stands, and runs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from atk_interp.pipeline import compile_pipeline, lint

PASSAGES = {
    "salt.txt": "Salt was once so dear that soldiers were given money to buy it.",
    "owls.txt": "Owls hear better than they see by day.",
    "short.txt": "Owls.",
}
SCRIPT = [
    {
        "when": {"contains": ["without a full stop", "Salt was"]},
        "reply": "<title>Salt</title><summary>Soldiers got money to buy salt.</summary>",
    },
    {
        "when": {"contains": ["without a full stop", "Owls hear"]},
        "reply": "<title>Owls</title><summary>Owls hear better than they see.</summary>",
    },
    {
        "when": {"in": "last", "matching": "Title: (?P<title>.*)\nPassage: "},
        "reply": "<question>What of \\g<title>?</question>",
    },
]


def blocks(readme: Path) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def mine(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a copy, changed as the README says."""
    monkeypatch.chdir(tmp_path)
    stock, mine = project_root / "pipeline_specs" / "starter", tmp_path / "my_pipeline"
    mine.mkdir()
    shutil.copytree(project_root / "prompts" / "starter", mine / "prompts")
    config, first_message, filtering, parameter, prompt, asking, output = blocks(stock / "README.md")

    lean = mine / "prompts" / "lean" / "summarise.yaml"
    messages = yaml.safe_load(lean.read_text(encoding="utf-8"))
    lean.write_text(yaml.safe_dump(yaml.safe_load(first_message) + messages[1:]), encoding="utf-8")
    (mine / "prompts" / "ask.yaml").write_text(prompt, encoding="utf-8")
    spec = yaml.safe_load((stock / "pipeline.yaml").read_text(encoding="utf-8"))
    spec["steps"] |= yaml.safe_load(filtering) | yaml.safe_load(asking)
    spec["params"] |= yaml.safe_load(parameter)
    spec["outputs"] |= yaml.safe_load(output)
    (mine / "pipeline.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    (mine / "config.yaml").write_text(config, encoding="utf-8")
    (mine / "replies.yaml").write_text(yaml.safe_dump(SCRIPT), encoding="utf-8")
    (tmp_path / "examples" / "documents").mkdir(parents=True)
    for name, text in PASSAGES.items():
        (tmp_path / "examples" / "documents" / name).write_text(text, encoding="utf-8")
    return mine


def test_what_the_walk_ends_with_is_without_findings(mine: Path) -> None:
    assert [finding for name in ("pipeline.yaml", "config.yaml") for finding in lint(mine / name)] == []


def test_what_the_walk_ends_with_runs_and_asks_only_what_is_new(mine: Path) -> None:
    scripted = {"writer": {"provider": "scripted", "script": str(mine / "replies.yaml")}}
    run = compile_pipeline(mine / "config.yaml")
    before: Any = run(shortest_passage=50, models=scripted)
    assert {state.name: state.called for state in before.steps if state.called} == {"summaries": 1, "questions": 1}
    after: Any = run(shortest_passage=20, models=scripted)
    assert {state.name: state.called for state in after.steps if state.called} == {"summaries": 1, "questions": 1}
    lines = (after.output_dir / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [turn["value"] for line in lines for turn in json.loads(line)["conversations"]]
    assert asked == ["What of Owls?", PASSAGES["owls.txt"], "What of Salt?", PASSAGES["salt.txt"]]


def test_a_slip_is_told_in_the_words_that_the_walk_shows(mine: Path) -> None:
    spec = mine / "pipeline.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("{{ summary }}", "{{ sumary }}"), encoding="utf-8")
    (found,) = lint(spec)
    assert (found.code.id, found.message) == ("ATK403", "undefined variable `sumary`")
    assert found.help == "did you mean `summary` or `start`?"
