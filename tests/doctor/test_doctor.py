"""`atk-interp doctor`: what it finds on this machine, and at real servers of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from atk_interp.cli.commands.doctor import command
from atk_interp.doctor import health, machine
from support.openai_server import Answer, Call, failure, server_thread

SPEC = """
spec: atk/v1
name: answers
description: One answer to a topic.
params: {output_dir: {type: path}}
models: {writer: {expects: instruct}, judge: {expects: any}, places: {expects: embedding}}
steps:
  topics: {kind: rows, rows: [{topic: tides}]}
  distinct: {kind: dedupe, from: topics, how: semantic, model: places, by: topic}
  told: {kind: generate, from: distinct, model: writer, prompt: ask, parse: {text: told}}
  judged: {kind: generate, from: told, model: judge, prompt: ask, parse: {text: verdict}}
outputs: {o.jsonl: {from: judged, format: jsonl}}
"""


@pytest.fixture
def looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, dict[str, dict[str, str]]]]:
    """Runs the command with arguments; its exit code, and what it found by name."""
    monkeypatch.chdir(tmp_path)

    def look(*arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
        ran = CliRunner().invoke(command, [*arguments, "--format", "json"], standalone_mode=False)
        assert ran.exception is None, ran.exception
        return ran.return_value, {check["name"]: check for check in json.loads(ran.stdout)}

    return look


def configured(folder: Path, **slots: Any) -> str:
    (folder / "prompts").mkdir()
    (folder / "prompts" / "ask.yaml").write_text("- user: Tell of {{ topic }}.")
    (folder / "pipeline.yaml").write_text(SPEC)
    config = folder / "config.yaml"
    config.write_text(json.dumps({"pipeline": "pipeline.yaml", "output_dir": "out", "models": slots}))
    return str(config)


def test_a_well_machine_is_said_to_be_well_and_nothing_is_left_behind(looked: Any, tmp_path: Path) -> None:
    code, found = looked()

    assert code == 0, found
    assert {name: found[name]["state"] for name in ("a run", "the same again", "a run that is to fail")} == {
        "a run": "ok",
        "the same again": "ok",
        "a run that is to fail": "ok",
    }
    assert found["extra `documents`"]["told"] == "pypdfium2, python-docx, selectolax"
    assert list(tmp_path.iterdir()) == []


def test_rows_that_differ_from_those_of_other_machines_are_told(looked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_LESSONS", "other")
    code, found = looked()

    assert code == 1
    assert found["a run"]["told"].startswith("`lessons.jsonl` is not what it is on other machines")


def test_a_ledger_that_is_none_is_told(looked: Any, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("Not a database, but a text that is long enough to be taken for one." * 99)
    code, found = looked("--ledger", "ledger.db")

    assert code == 1
    assert "ledger.db" in found["ledger"]["told"]


async def test_the_disk_and_the_folder_of_the_outputs_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, roomy = tmp_path / "full", tmp_path / "roomy"
    full.mkdir()
    roomy.mkdir()
    disks = {full: (1, 400_000), roomy: (2, 9_000_000_000)}
    monkeypatch.setattr(machine, "_disk_of", disks.__getitem__)

    async def found(outputs: Path | None, ledger: Path = roomy) -> list[tuple[str, str, str]]:
        checks = [check async for check in machine.machine_checks(ledger / "l.db", outputs)]
        return [(check.name, check.state, check.told) for check in checks if "disk" in check.name]

    of_ledger = ("disk", "ok", "9.0 GB are free where the ledger is")
    assert await found(None) == [of_ledger]
    assert await found(full / "out") == [
        of_ledger,
        ("disk of the outputs", "wrong", "0.0 GB are free where the outputs are"),
    ]
    assert await found(full, ledger=full) == [("disk", "wrong", "0.0 GB are free where the ledger and the outputs are")]


def test_an_extra_that_is_not_installed_is_told_with_its_command(looked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_is_installed", lambda package: package not in ("pyarrow", "numpy"))
    code, found = looked()

    assert code == 0, "one may do without"
    assert found["extra `parquet`"]["help"] == "`pip install 'atk-interp[parquet]'`, if a pipeline needs it"
    assert found["extra `embeddings`"]["told"] == "numpy is not installed"


def test_endpoints_that_answer_are_asked_once_each(looked: Any, tmp_path: Path) -> None:
    calls: list[Call] = []

    def answer(call: Call) -> str:
        calls.append(call)
        return "ready"

    with server_thread(answer) as server:
        endpoint = {"model": "m", "base_url": server.base_url}
        code, found = looked(configured(tmp_path, writer=endpoint, judge=endpoint, places=endpoint))

    assert code == 0, found
    assert found["model `writer` and `judge`"]["told"].startswith("`m` said `ready` in ")
    assert found["model `places`"]["told"].startswith("`m` made a vector in ")
    assert sorted(call.path for call in calls) == ["/v1/chat/completions", "/v1/embeddings"]
    assert not (tmp_path / ".atk").exists()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (failure(401, "Incorrect API key provided"), "Incorrect API key provided"),
        (failure(404, "no such model", "model_not_found"), "has no model `m`"),
        (failure(503, "overloaded"), "overloaded"),
        (Answer(fault="reset"), ""),
    ],
    ids=["key", "model", "down", "reset"],
)
def test_what_is_wrong_with_an_endpoint_is_told(looked: Any, tmp_path: Path, answer: Answer, told: str) -> None:
    with server_thread(lambda call: answer) as server:
        well = {"provider": "scripted", "script": "said.yaml"}
        (tmp_path / "said.yaml").write_text("- {when: {contains: Reply}, reply: ready}\n- {vector: [1, 0]}")
        bad = {"model": "m", "base_url": server.base_url}
        code, found = looked(configured(tmp_path, writer=bad, judge=well, places=well))

    assert code == 1
    assert found["model `writer`"]["state"] == "wrong"
    assert told in found["model `writer`"]["told"]
    assert found["model `judge`"]["state"] == "ok", found["model `judge`"]


def test_a_key_that_is_not_set_and_a_dead_address_are_told(looked: Any, tmp_path: Path) -> None:
    without = {"model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "NO_SUCH_KEY_OF_MINE"}
    dead = {"model": "m", "base_url": "http://127.0.0.1:9/v1"}
    code, found = looked(configured(tmp_path, writer=without, judge=dead, places=dead))

    assert code == 1
    assert "NO_SUCH_KEY_OF_MINE" in found["model `writer`"]["told"]
    assert found["model `judge`"]["state"] == found["model `places`"]["state"] == "wrong"


def test_a_config_with_errors_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("pipeline: factual_qa\nvotes: many\n")
    ran = CliRunner().invoke(command, [str(config)], standalone_mode=False)

    assert ran.return_value == 1
    assert "no endpoint was asked" in ran.output
