"""A cassette, made by `ledger export --run`, replays a whole pipeline where there is no endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import Cli
from support.openai_server import Call, failure, server_thread
from support.pipelines import write_project

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}, {text: d}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {json: {question: text}}, attempts: 2,
        accept: {not b: 'question != "b?"'}}
      checked: {kind: vote, from: ask, model: m, prompt: check, parse: {choice: {"yes": true, "no": false}, into: fine},
        votes: 3, pass: fine | share > 0.5}
    outputs:
      out.jsonl: {from: checked, format: jsonl}
    """
PROMPTS = {"check": '- user: "fine? {{ question }}"'}


@pytest.mark.parametrize("takes_schemas", [True, False])
def test_a_cassette_has_all_that_a_run_needs(tmp_path: Path, cli: Cli, takes_schemas: bool) -> None:
    def reply(call: Call) -> Any:
        if "response_format" in call.body and not takes_schemas:
            return failure(400, "unknown parameter: response_format")
        return "yes" if "fine?" in call.last else json.dumps({"question": f"{call.last}?"})

    with server_thread(reply) as server:
        models = {"m": {"model": "test-model", "base_url": server.base_url}}
        config = str(write_project(tmp_path, SPEC, PROMPTS, {"output_dir": "out", "models": models}))
        assert cli("run", config, "--quiet").code == 0
        assert cli("retry", "--quiet").code == 0
    assert cli("ledger", "export", "--run", "out", "-o", "tape.jsonl").code == 0
    assert cli("ledger", "import", "tape.jsonl", "--ledger", "ci/ledger.db").code == 0
    told = cli("run", config, "--ledger", "ci/ledger.db", "--set", "output_dir=again", "--quiet")
    assert told.code == 0  # the endpoint is gone, and nobody has missed it
    for name in ("out.jsonl", "rejected.jsonl"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    assert cli("verify", "again").code == 0
    assert cli("ledger", "export", "--run", "again", "--ledger", "ci/ledger.db", "-o", "second.jsonl").code == 0
    assert (tmp_path / "second.jsonl").read_bytes() == (tmp_path / "tape.jsonl").read_bytes()
