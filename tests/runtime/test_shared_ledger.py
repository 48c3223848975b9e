"""Two runs at once on one ledger pay for each call once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.forks import forks
from support.kills import PROMPTS, SPEC
from support.openai_server import Call, echo, server_thread
from support.pipelines import Ran, write_project


def _project(folder: Path, documents: Path, base_url: str, output: str, concurrency: int) -> Path:
    endpoint = {"model": "test-model", "base_url": base_url, "concurrency": concurrency}
    config = {"input_dir": str(documents), "output_dir": output, "models": {"m": endpoint}}
    path = write_project(folder, SPEC, PROMPTS, config)
    return path.rename(folder / f"{output}.yaml")


def _bytes(folder: Path) -> dict[str, bytes]:
    return Ran(None, folder).bytes()  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True], ids=["both live", "one is killed"])
def test_two_processes_at_once_send_each_call_once(tmp_path: Path, killed: bool) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(20):
        sentences = (f"This is sentence {n} of document {number}, and it says little." for n in range(8))
        (documents / f"{number:02}.txt").write_text("\n\n".join(sentences))
    ledger = ["--ledger", "ledger.db", "--quiet"]
    with forks() as start_one, forks() as start_two, server_thread(latency_s=0.1) as server:
        first = _project(tmp_path, documents, server.base_url, "one", 8)
        second = _project(tmp_path, documents, server.base_url, "two", 3)
        for start in (start_one, start_two):  # so that both begin within a moment
            assert start(["lint", first.name], tmp_path).wait() == 0
        one = start_one(["run", first.name, *ledger], tmp_path)
        two = start_two(["run", second.name, *ledger], tmp_path)
        if killed:
            left = iter(range(100, -1, -1))

            def kill_one(call: Call) -> str:
                if next(left, None) == 0:
                    one.kill()
                return echo(call)

            server.reply = kill_one
        one.wait()
        assert two.wait() == 0, two.told.read_text()
        stats = server.stats()
        if killed:
            assert one.code == -9
            assert stats["calls"] - stats["distinct"] <= 8 + 2  # what was in flight at the kill
            assert start_one(["run", first.name, *ledger], tmp_path).wait() == 0
            assert server.stats()["calls"] == stats["calls"]
        else:
            assert stats["calls"] == stats["distinct"]
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    steps = [json.loads((tmp_path / name / "run.json").read_text())["steps"] for name in ("one", "two")]
    if not killed:  # who sends which call is for the moment to say
        assert sum(step["called"] for of_run in steps for step in of_run) == stats["distinct"]
