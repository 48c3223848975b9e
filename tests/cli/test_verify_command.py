"""`atk-interp verify`: the files of a run are made again from the ledger, and compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from support.command import Cli
from support.openai_server import server_thread
from support.pipelines import replying, write_project

SPEC = """
    spec: atk/v1
    name: qa
    params:
      input_dir: {type: path}
      output_dir: {type: path}
    models: {m: {}}
    steps:
      documents: {kind: read, path: =input_dir}
      passages: {kind: chunk, from: documents, max_tokens: 8}
      ask: {kind: generate, from: passages, model: m, prompt: ask, parse: {text: reply},
        accept: {no cat: 'not (reply is matching("cat"))'}, attempts: 2}
      checked: {kind: vote, from: ask, model: m, prompt: check, parse: {choice: {"yes": true, "no": false}, into: fine},
        votes: 3, pass: fine | share > 0.5}
      kept: {kind: sample, from: checked, count: 3}
    outputs:
      out.jsonl: {from: kept, format: jsonl}
    """
PROMPTS = {"ask": '- user: "{{ text }}"', "check": '- user: "Is it so that {{ reply }}"'}
SCRIPT = [
    {"when": {"contains": "Is it so"}, "reply": "yes"},
    {"when": {"contains": "cat"}, "reply": "a cat"},
    {"reply": "no animal"},
]


@pytest.fixture
def config(tmp_path: Path) -> str:
    folder = tmp_path / "project"
    (folder / "documents").mkdir(parents=True)
    for name in ("dog", "cat", "cow"):
        (folder / "documents" / f"{name}.txt").write_text("\n\n".join(f"Sentence {n} of a {name}." for n in range(2)))
    (folder / ".atk").mkdir()
    settings = {"input_dir": "documents", "output_dir": "out", "models": {"m": replying(folder, SCRIPT)}}
    return str(write_project(folder, SPEC, PROMPTS, settings))


@pytest.fixture
def ran(cli: Cli, config: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with a run in `out`, which one stands in."""
    monkeypatch.chdir(Path(config).parent)
    assert cli("run", config, "--quiet").code == 0
    return Path(config).parent


def of_twelve(folder: Path, spec: str, base_url: str) -> str:
    """The config of a project with twelve documents, which are asked about one after the other."""
    (folder / "documents").mkdir()
    for number in range(12):
        (folder / "documents" / f"{number}.txt").write_text(f"Document {number}.")
    endpoint = {"model": "test-model", "base_url": base_url, "concurrency": 1}
    settings = {"input_dir": "documents", "output_dir": "out", "models": {"m": endpoint}}
    return str(write_project(folder, spec, PROMPTS, settings))


def test_a_run_is_verified_without_an_endpoint(ran: Path, cli: Cli) -> None:
    for run in ((), ("out",), ("config.yaml",), ("out/run.json",)):
        told = cli("verify", *run)
        assert (told.code, told.err) == (0, "")
        assert told.out == (
            "out.jsonl: 3 lines, as they should be\n"
            "rejected.jsonl: 2 lines, as they should be\n"
            "verified: made again from 16 replies in the ledger, byte for byte\n"
        )


def test_an_edited_output_is_told_with_the_line_and_its_row(ran: Path, cli: Cli) -> None:
    path = ran / "out" / "out.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], lines[1].replace("no animal", "no fish"), lines[2]]))
    told = cli("verify")
    assert told.code == 1
    assert "out.jsonl: differs, first in line 2 (step `kept`, row " in told.out
    assert '  is         {"text"' in told.out
    assert "no fish" in told.out
    assert told.out.endswith("not verified: the files are not what the spec, the inputs and the ledger give\n")
    path.write_text(lines[0])
    (verdict, _) = json.loads(cli("verify", "--format", "json").out)["files"]
    assert (verdict["line"], verdict["found"]) == (2, None)
    assert verdict["expected"] == lines[1].rstrip()


def test_a_changed_spec_prompt_and_input_are_named(ran: Path, cli: Cli) -> None:
    (ran / "pipeline.yaml").write_text((ran / "pipeline.yaml").read_text() + "# a remark\n")
    told = cli("verify")
    assert told.code == 0
    assert "changed since the run, without effect: spec `pipeline.yaml`\n" in told.out
    (ran / "prompts" / "check.yaml").write_text('- user: "Is it true that {{ reply }}"')
    told = cli("verify")
    assert told.code == 1
    assert "step `checked`: " in told.out
    assert "calls have no reply in the ledger, the first for row " in told.out
    assert "changed since the run: spec `pipeline.yaml`, prompt `prompts/check.yaml`\n" in told.out


def test_counts_that_were_edited_are_told(ran: Path, cli: Cli) -> None:
    path = ran / "out" / "run.json"
    record = json.loads(path.read_text())
    record["steps"][2]["rejected"] += 1
    path.write_text(json.dumps(record))
    told = cli("verify")
    assert told.code == 1
    assert "step `ask`: `rejected` is recorded as 3, and is 2\n" in told.out


def test_a_project_that_has_moved_as_a_whole_is_verified(
    ran: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.move(ran, tmp_path / "elsewhere")
    assert cli("verify", "elsewhere/out").code == 0
    (tmp_path / "elsewhere" / "pipeline.yaml").unlink()
    told = cli("verify", "elsewhere/out")
    assert told.code == 2
    assert "is not there any more" in told.err


def test_a_folder_without_a_run_is_told(ran: Path, cli: Cli) -> None:
    assert "has no `run.json`" in cli("verify", "documents").err
    told = cli("verify", "nowhere")
    assert (told.code, told.err) == (
        2,
        "error: there is no run `nowhere`\n  help: name the output folder of a run, or its config\n",
    )


def test_a_run_that_was_stopped_is_verified_as_far_as_it_came(tmp_path: Path, cli: Cli) -> None:
    spec = SPEC.replace("      kept: {kind: sample, from: checked, count: 3}\n", "").replace(
        "from: kept", "from: checked"
    )
    with server_thread(lambda call: "yes") as server:
        config = of_twelve(tmp_path, spec, server.base_url)
        told = cli("run", config, "--quiet", "--budget", "150 tokens")
        assert told.code == 4
    told = cli("verify", "out")
    assert told.code == 0
    assert "no reply in the ledger yet" in told.out
    assert "verified as far as it goes: the run ended `" in told.out
    path = tmp_path / "out" / "out.incomplete.jsonl"
    path.write_bytes(path.read_bytes() + b'{"text": "made up"}\n')
    assert cli("verify", "out").code == 1


def test_a_trial_is_verified_and_traced_beside_a_whole_run(ran: Path, config: str, cli: Cli) -> None:
    assert cli("run", config, "--quiet", "--limit", "3").code == 0
    told = cli("verify", "out")
    assert told.code == 0
    assert "out.trial.jsonl: 1 line, as it should be" in told.out
    assert cli("trace", "out.jsonl:1").code == 0
    (ran / "out" / "out.trial.jsonl").write_text("{}\n")
    assert cli("verify", "out").code == 1


def test_files_that_are_no_lines_are_verified_by_their_records(tmp_path: Path, cli: Cli) -> None:
    spec = SPEC.replace("      kept: {kind: sample, from: checked, count: 3}\n", "").replace(
        "      out.jsonl: {from: kept, format: jsonl}",
        "\n".join(f"      out.{suffix}: {{from: checked, format: jsonl}}" for suffix in ("json", "csv", "parquet"))
        + "\n      card.md: {from: checked, format: document, template: hf_dataset_card}",
    )
    with server_thread(lambda call: "yes") as server:
        config = of_twelve(tmp_path, spec, server.base_url)
        assert cli("run", config, "--quiet", "--budget", "150 tokens").code == 4
        told = cli("verify", "out")
        assert (told.code, told.out.count("records, as they should be")) == (0, 3), told.everything
        (tmp_path / "out" / "out.incomplete.parquet").write_bytes(b"PAR1 and no more")
        assert "out.incomplete.parquet: differs, first in record 1\n" in cli("verify", "out").out
        assert cli("run", config, "--quiet").code == 0
    assert cli("verify", "out").out.count("out.parquet: 12 records, as they should be") == 1
    path = tmp_path / "out" / "out.json"
    path.write_text(path.read_text().replace("Document 10", "Document ten"))
    told = cli("verify", "out")
    assert "out.json: differs, first in record 3 (step `checked`, row " in told.out
    assert "Document ten" in told.out


def test_without_its_ledger_a_run_can_be_neither_verified_nor_traced(ran: Path, cli: Cli) -> None:
    (ran / ".atk" / "ledger.db").unlink()
    for command in (("verify", "out"), ("trace", "out", "out.jsonl:1")):
        told = cli(*command)
        assert (told.code, told.out) == (2, "")
        assert told.err.startswith(f"error: there is no ledger `{ran / '.atk' / 'ledger.db'}`\n  help: ")
