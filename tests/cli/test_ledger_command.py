"""`atk-interp ledger`: what people see, and what becomes of the file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from atk_interp.ledger.learned import Trait, learn_trait
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import Reply, Usage
from support.command import Cli
from support.openai_server import server_thread
from support.pipelines import asking_about, write_project

REQUEST = b'{"model":"m","messages":[{"role":"user","content":"\xc3\xa4 \\n\xf0\x9f\x8d\x93"}],"temperature":0.5}'
AT = ("--ledger", "ledger.db")


def key(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def used(path: Path, folder: str, names: Sequence[object], model: str = "m", status: str = "done") -> None:
    """A run into a folder that uses some calls, paid now where they are not there."""

    async def run() -> None:
        async with SqliteLedger(path) as ledger:
            ledger.record(path.parent / folder, f"pipeline_{folder}")
            for name in names:
                if await ledger.reserve(key(name)) is None:
                    reply = Reply(f"said {name}", "why", "stop", Usage(10, 20), model, 0.12345678)
                    await ledger.put(key(name), reply, REQUEST)
            await ledger.finish(status)

    asyncio.run(run())


def keys(path: Path) -> set[str]:
    ledger = SqliteLedger(path)
    found = {entry.key for entry in ledger.entries()}
    asyncio.run(ledger.close())
    return found


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Five calls of the run `a`, four of `b`, two of which are those of `a`; one more of neither."""
    path = tmp_path / "ledger.db"
    used(path, "a", range(5))
    used(path, "b", range(3, 7), model="other")
    asyncio.run(_put(path, "alone"))
    return path


async def _put(path: Path, name: str) -> None:
    async with SqliteLedger(path) as ledger:
        await ledger.put(key(name), Reply("x" * 100_000, model="m"), REQUEST)


# -- stats ----------------------------------------------------------------------------------------------------------


def test_stats_count_calls_by_model_pipeline_and_run(cli: Cli, ledger: Path) -> None:
    told = cli("ledger", "stats", *AT)
    assert told.code == 0
    assert "8 calls" in told.out
    assert "tokens: 70 in, 140 out" in told.out
    assert "  m      6 calls" in told.out
    assert "  other  2 calls" in told.out
    assert "  pipeline_b  4 calls" in told.out
    assert "used by no run that is known: 1 calls" in told.out
    found = json.loads(cli("ledger", "stats", *AT, "--format", "json").out)
    assert (found["version"], found["total"]["calls"], found["unused"]) == (1, 8, 1)
    assert {name: share["calls"] for name, share in found["pipelines"].items()} == {"pipeline_a": 5, "pipeline_b": 4}
    assert [(run["folder"], run["calls"], run["status"]) for run in found["runs"]] == [
        ("b", 4, "done"),
        ("a", 5, "done"),
    ]


def test_what_was_learned_of_endpoints_is_told_and_forgotten(cli: Cli, ledger: Path) -> None:
    learn_trait(ledger, Trait("http://localhost:8000/v1", "m", "response_format", "no"))
    assert "http://localhost:8000/v1  m  response_format: no" in cli("ledger", "stats", *AT).out
    assert json.loads(cli("ledger", "stats", "--format", "json", *AT).out)["traits"][0]["value"] == "no"
    assert cli("ledger", "forget", "--endpoint", "http://elsewhere", *AT).out == (
        "forgot 0 things that were learned of endpoints\n"
    )
    assert cli("ledger", "forget", *AT).out == "forgot 1 thing that was learned of endpoints\n"
    assert "learned of endpoints" not in cli("ledger", "stats", *AT).out
    assert len(keys(ledger)) == 8


def test_a_ledger_that_is_not_there_is_told_and_not_made(cli: Cli, tmp_path: Path) -> None:
    for command in (("stats",), ("export",), ("prune", "--model", "m")):
        told = cli("ledger", *command, *AT)
        assert (told.code, told.out) == (2, "")
        assert "there is no ledger `ledger.db`" in told.err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_ledger_has_stats(cli: Cli, tmp_path: Path) -> None:
    asyncio.run(SqliteLedger(tmp_path / "ledger.db").close())
    assert "0 calls" in cli("ledger", "stats", *AT).out


def test_a_run_that_is_done_makes_the_records_of_earlier_ones_void(cli: Cli, ledger: Path) -> None:
    used(ledger, "a", range(2), status="interrupted")
    assert _calls_of(cli, "a") == 5  # it may go on
    used(ledger, "a", range(2))
    assert _calls_of(cli, "a") == 2


def _calls_of(cli: Cli, folder: str) -> int:
    runs = json.loads(cli("ledger", "stats", *AT, "--format", "json").out)["runs"]
    return next(int(run["calls"]) for run in runs if run["folder"] == folder)


def test_a_ledger_of_the_first_version_is_brought_up_to_date(cli: Cli, ledger: Path) -> None:
    connection = sqlite3.connect(ledger)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for statement in (*(f"DROP TABLE {name}" for name in tables if name != "replies"), "PRAGMA user_version = 1"):
        connection.execute(statement)
    connection.close()
    assert "8 calls" in cli("ledger", "stats", *AT).out
    used(ledger, "c", range(3))
    assert _calls_of(cli, "c") == 3


# -- prune ----------------------------------------------------------------------------------------------------------


def test_prune_keeps_what_a_run_has_used(cli: Cli, ledger: Path) -> None:
    told = cli("ledger", "prune", *AT, "--not-in", "a", "--dry-run")
    assert told.out.startswith("would delete 3 of 8 calls")
    assert len(keys(ledger)) == 8
    told = cli("ledger", "prune", *AT, "--not-in", "a", "--yes")
    assert told.code == 0
    assert told.out.startswith("deleted 3 of 8 calls, about 10")
    assert "kB smaller" in told.out
    assert keys(ledger) == {key(number) for number in range(5)}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--not-in", "a", "--not-in", "b"], 7),
        (["--keep-latest", "1"], 4),
        (["--keep-latest", "2"], 7),
        (["--model", "other"], 6),
        (["--model", "m", "--not-in", "b"], 4),
        (["--older-than", "1h"], 8),
        (["--older-than", "0h", "--model", "m"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_prune_deletes_that_for_which_all_holds(cli: Cli, ledger: Path, options: list[str], left: int) -> None:
    connection = sqlite3.connect(ledger)
    connection.execute("UPDATE replies SET created = created - 10")
    connection.commit()
    connection.close()
    assert cli("ledger", "prune", *AT, *options, "--yes").code == 0
    assert len(keys(ledger)) == left


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "which calls are to go is not said"),
        (["--older-than", "soon"], "`soon` is no time"),
        (["--not-in", "c"], "no run into `c` has used the ledger"),
        (["--model", "m"], "nothing was deleted, because nobody can be asked"),
    ],
    ids=["nothing", "time", "run", "unasked"],
)
def test_prune_refuses_what_is_not_clear(cli: Cli, ledger: Path, options: list[str], told: str) -> None:
    said = cli("ledger", "prune", *AT, *options)
    assert said.code == 2
    assert told in said.err
    assert len(keys(ledger)) == 8


def test_prune_beside_a_run_deletes_and_leaves_the_file_its_size(cli: Cli, ledger: Path) -> None:
    reader = sqlite3.connect(ledger, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM replies").fetchone()
    told = cli("ledger", "prune", *AT, "--keep-latest", "1", "--yes")
    assert told.code == 0
    assert "the file keeps its size for now, and its room is used again: another process reads" in told.err
    reader.close()
    assert len(keys(ledger)) == 4


# -- export and import ----------------------------------------------------------------------------------------------


def test_what_is_exported_and_imported_is_the_same_to_the_byte(cli: Cli, ledger: Path, tmp_path: Path) -> None:
    told = cli("ledger", "export", *AT, "-o", "all.jsonl")
    assert (told.code, told.out, told.err) == (0, "", "8 calls exported to all.jsonl\n")
    lines = (tmp_path / "all.jsonl").read_bytes().splitlines()
    assert json.loads(lines[0]) == {"format": "atk-ledger-v1", "calls": 8}
    assert [json.loads(line)["key"] for line in lines[1:]] == sorted(keys(ledger))
    assert "8 calls imported, 0 were there already" in cli("ledger", "import", "all.jsonl", "--ledger", "new.db").out
    assert "0 calls imported, 8 were there already" in cli("ledger", "import", "all.jsonl", "--ledger", "new.db").out
    cli("ledger", "export", "--ledger", "new.db", "-o", "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "all.jsonl").read_bytes()
    one, two = (SqliteLedger(path) for path in (ledger, tmp_path / "new.db"))
    assert list(one.entries()) == list(two.entries())
    for opened in (one, two):
        asyncio.run(opened.close())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.usefixtures("ledger")
def test_an_export_into_a_pipe_goes_through_it(cli: Cli, tmp_path: Path) -> None:
    assert cli("ledger", "export", *AT, "-o", "all.jsonl").code == 0
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((tmp_path / "pipe").read_bytes)
        assert cli("ledger", "export", *AT, "-o", "pipe").code == 0
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
        assert read.result() == (tmp_path / "all.jsonl").read_bytes()


def test_the_export_of_a_run_has_what_it_used(cli: Cli, ledger: Path, tmp_path: Path) -> None:
    cli("ledger", "export", *AT, "--run", "b", "-o", "b.jsonl")
    lines = (tmp_path / "b.jsonl").read_bytes().splitlines()[1:]
    assert {json.loads(line)["key"] for line in lines} == {key(number) for number in range(3, 7)}
    cli("ledger", "prune", *AT, "--model", "other", "--yes")
    told = cli("ledger", "export", *AT, "--run", "b", "-o", "b.jsonl")
    assert told.code == 1
    assert "2 calls that the run has used are not in the ledger any more" in told.err


def test_a_ledger_moves_with_the_folders_of_its_runs(cli: Cli, ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    ledger.rename(tmp_path / "moved" / "ledger.db")
    told = cli("ledger", "export", "--ledger", "moved/ledger.db", "--run", "moved/a", "-o", "a.jsonl")
    assert told.err == "5 calls exported to a.jsonl\n"


GOOD = {
    "key": key("new"),
    "created": 5,
    "reply": {
        "text": "t",
        "reasoning": "",
        "finish": "stop",
        "input_tokens": 1,
        "output_tokens": 2,
        "model": "m",
        "seconds": 1,
    },
    "request": {},
}
BAD = [
    ("{", "unexpected"),
    ("[]", "it is no mapping"),
    (json.dumps({**GOOD, "key": "abc"}), "`key` must be 64 hex digits"),
    (json.dumps({**GOOD, "created": "now"}), "`created` must be"),
    (json.dumps({**GOOD, "request": "x"}), "`request` must be a mapping"),
    (json.dumps({**GOOD, "reply": {"text": "t"}}), "`reply` must have `text`"),
    (json.dumps({**GOOD, "reply": {**GOOD["reply"], "input_tokens": -1}}), "`input_tokens` of the reply must be"),  # type: ignore[dict-item]
]


@pytest.mark.parametrize(("line", "told"), BAD, ids=[told for _, told in BAD])
def test_a_bad_line_is_told_with_its_number_and_left_out(cli: Cli, tmp_path: Path, line: str, told: str) -> None:
    head = json.dumps({"format": "atk-ledger-v1", "calls": 2})
    (tmp_path / "in.jsonl").write_text(f"{head}\n{line}\n{json.dumps(GOOD)}\n")
    strict = cli("ledger", "import", "in.jsonl", *AT, "--strict")
    assert strict.code == 2
    assert "nothing was imported" in strict.err
    assert keys(tmp_path / "ledger.db") == set()
    said = cli("ledger", "import", "in.jsonl", *AT)
    assert said.code == 1
    assert f"left out: line 2: {told}" in said.err
    assert "1 calls imported" in said.out
    assert keys(tmp_path / "ledger.db") == {key("new")}


def test_a_file_that_was_cut_short_is_told(cli: Cli, ledger: Path, tmp_path: Path) -> None:
    cli("ledger", "export", *AT, "-o", "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "all.jsonl").write_bytes(b"".join(lines[:4]))
    told = cli("ledger", "import", "all.jsonl", "--ledger", "new.db")
    assert told.code == 1
    assert "8 calls are announced, and 3 have come" in told.err
    assert len(keys(tmp_path / "new.db")) == 3


@pytest.mark.parametrize("head", ["", "{}", "text", '{"format": "atk-ledger-v9", "calls": 1}'])
def test_what_is_no_export_makes_no_ledger(cli: Cli, tmp_path: Path, head: str) -> None:
    (tmp_path / "in.jsonl").write_text(head)
    assert cli("ledger", "import", "in.jsonl", *AT).code == 2
    assert not (tmp_path / "ledger.db").exists()


def test_another_reply_under_an_equal_key_never_takes_the_place_of_the_first(cli: Cli, tmp_path: Path) -> None:
    head = json.dumps({"format": "atk-ledger-v1", "calls": 2})
    other = {**GOOD, "reply": {**GOOD["reply"], "text": "other"}}  # type: ignore[dict-item]
    (tmp_path / "in.jsonl").write_text(f"{head}\n{json.dumps(GOOD)}\n{json.dumps(other)}\n")
    told = cli("ledger", "import", "in.jsonl", *AT)
    assert told.code == 0
    assert f"1 calls have another reply in the ledger, which stands: `{key('new')[:12]}…`" in told.err
    ledger = SqliteLedger(tmp_path / "ledger.db")
    assert [entry.reply.text for entry in ledger.entries()] == ["t"]
    asyncio.run(ledger.close())


def test_a_cassette_replays_a_run_without_a_call(cli: Cli, tmp_path: Path) -> None:
    with server_thread() as server:
        endpoint = {"model": "test-model", "base_url": server.base_url}
        settings = {"output_dir": "out", "models": {"m": endpoint}}
        config = str(write_project(tmp_path, asking_about("a", "b", "c"), config=settings))
        assert cli("run", config, *AT, "--quiet").code == 0
        before = (tmp_path / "out" / "out.jsonl").read_bytes()
        assert cli("ledger", "export", *AT, "--run", "out", "-o", "cassette.jsonl").code == 0
        assert cli("ledger", "import", "cassette.jsonl", "--ledger", "elsewhere.db").code == 0
        server.calls.clear()
        again = cli("run", config, "--ledger", "elsewhere.db", "--quiet", "--set", "output_dir=again")
        assert (again.code, server.calls) == (0, [])
    assert (tmp_path / "again" / "out.jsonl").read_bytes() == before
