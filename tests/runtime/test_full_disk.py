"""A full disk pauses a run; it goes on when there is room, and nothing is lost or asked twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.small_disk import no_small_disk, on_a_small_disk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(no_small_disk()), reason=no_small_disk()),
]

# Runs a pipeline whose ledger or outputs are on a small disk that a file fills but for a little, and prints what was.
# `frees`: whether the file goes when the run says that it pauses. Then the same again, with all the room there is.
SCENARIO = """
import asyncio, json, os, sqlite3, sys
from collections import Counter
from pathlib import Path

from atk_interp.llm.messages import Reply
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime.events import Noted
from atk_interp.runtime.room import RoomPolicy
from support.pipelines import IMPATIENT, write_project

small, large, what, room, frees = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
SPEC = '''
steps:
  given: {kind: rows, rows: [ROWS]}
  ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
outputs:
  out.jsonl: {from: ask, format: jsonl}
'''.replace("ROWS", ", ".join(f"{{text: row {number}}}" for number in range(150)))
asked = Counter()

def answer(request):
    asked[request.messages[-1].content] += 1
    return Reply(request.messages[-1].content + " x" * 5000)

pipeline = compile_pipeline(write_project(large, SPEC))
folders = {"ledger": (large / "out", small / "ledger.db"), "output": (small / "out", large / "ledger.db")}
output, ledger = folders[what]
filler = small / "filler"
free = os.statvfs(small).f_bavail * os.statvfs(small).f_frsize
filler.write_bytes(os.urandom(max(0, free - room)))
told = []

def listen(event):
    if isinstance(event, Noted):
        told.append(event.message)
        if frees == "frees" and "pauses" in event.message:
            filler.unlink()

def run(policy):
    client = ScriptedClient(answer)
    given = {"output_dir": output, "models": {"m": {"model": "m", "concurrency": 4}}}
    running = pipeline.run(
        given, listeners=[listen], ledger=ledger, policy=IMPATIENT, room=policy, clients={"m": client}
    )
    result = asyncio.run(running)
    files = sorted(path.name for path in output.iterdir())
    print(json.dumps({
        "status": result.status, "code": result.exit_code, "message": result.message, "help": result.help,
        "told": told[:], "asked": sum(asked.values()), "different": len(asked), "files": files,
        "rows": len((output / "out.jsonl").read_text().splitlines()) if (output / "out.jsonl").exists() else None,
    }))
    told.clear()

run(RoomPolicy(pause_s=0.01, patience_s=60.0 if frees == "frees" else 0.05))
filler.unlink(missing_ok=True)
run(RoomPolicy())
print(json.dumps(sqlite3.connect(ledger).execute("PRAGMA integrity_check").fetchone()))
"""


def scenario(tmp_path: Path, what: str, room: int, frees: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the first run was, and the second; the ledger is sound after both."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    ran = on_a_small_disk(small, "8m", SCENARIO, str(small), str(large), what, str(room), frees)
    assert ran.returncode == 0, ran.stderr
    first, second, sound = map(json.loads, ran.stdout.splitlines())
    assert sound == ["ok"]
    return first, second


def test_a_run_whose_ledger_is_full_goes_on_when_there_is_room(tmp_path: Path) -> None:
    first, second = scenario(tmp_path, "ledger", 600_000, "frees")
    pausing, going_on = (next(told for told in first["told"] if word in told) for word in ("pauses", "going on"))
    assert pausing.startswith(f"no room left for the ledger `{tmp_path}/small/ledger.db`")
    assert "are free on its disk, and at least 1.0 MB are needed to go on" in pausing
    assert going_on == "there is room on the disk again: going on"
    assert (first["status"], first["asked"], first["rows"]) == ("done", 150, 150)
    assert (second["status"], second["asked"]) == ("done", 150)


def test_a_run_whose_ledger_stays_full_stops_and_can_be_resumed(tmp_path: Path) -> None:
    first, second = scenario(tmp_path, "ledger", 600_000, "stays")
    assert (first["status"], first["code"], first["rows"]) == ("unavailable", 4, None)
    assert first["message"].startswith("the ledger cannot be used: no room left for the ledger")
    assert first["help"] == "free some disk space, then run the same command again"
    assert 0 < first["asked"] < 150
    assert (second["status"], second["rows"], second["different"]) == ("done", 150, 150)
    assert second["asked"] <= 150 + 4 + 1  # those in flight, of which four are the most, and one that gave up its place


def test_a_run_whose_outputs_find_no_room_waits_with_them(tmp_path: Path) -> None:
    first, second = scenario(tmp_path, "output", 300_000, "frees")
    pausing = next(told for told in first["told"] if "pauses" in told)
    assert pausing.startswith(f"`{tmp_path}/small/out/out.jsonl` cannot be written: the disk is full; it takes 1,5")
    assert (first["status"], first["asked"], first["rows"]) == ("done", 150, 150)
    assert (second["status"], second["asked"]) == ("done", 150)


def test_a_run_whose_outputs_never_find_room_can_be_resumed(tmp_path: Path) -> None:
    first, second = scenario(tmp_path, "output", 300_000, "stays")
    assert (first["status"], first["code"], first["rows"]) == ("unavailable", 4, None)
    assert "the disk is full" in first["message"]
    assert not [name for name in first["files"] if name.endswith((".jsonl", ".partial")) and name != "events.jsonl"]
    assert (second["status"], second["asked"], second["rows"]) == ("done", 150, 150)


def test_a_disk_that_is_full_from_the_start_is_waited_for(tmp_path: Path) -> None:
    first, second = scenario(tmp_path, "ledger", 0, "frees")
    assert any("pauses" in told for told in first["told"])
    assert (first["status"], first["asked"], second["asked"]) == ("done", 150, 150)
