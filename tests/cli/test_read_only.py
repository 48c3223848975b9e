"""Ledgers and folders that may not be written: a run refuses them before it pays, and a look into them works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Cli
from support.openai_server import server_thread
from support.permissions import as_a_user, no_user
from support.pipelines import asking_about, write_project

pytestmark = pytest.mark.skipif(bool(no_user()), reason=no_user())


def project(folder: Path, base_url: str) -> str:
    models = {"m": {"base_url": base_url, "model": "t"}}
    return str(write_project(folder, asking_about("a", "b"), config={"output_dir": "out", "models": models}))


@pytest.fixture
def ran(tmp_path: Path, cli: Cli) -> Path:
    """The folder of a project with a run in `out`, whose endpoint is not there any more."""
    (tmp_path / ".atk").mkdir()
    with server_thread() as server:
        assert cli("run", project(tmp_path, server.base_url), "--quiet").code == 0
    return tmp_path


@pytest.fixture
def kept(ran: Path) -> Iterator[Path]:
    """As `ran`, with a ledger whose file and folder are read-only."""
    places = [ran / ".atk" / "ledger.db", ran / ".atk"]
    for place in places:
        place.chmod(0o500)
    yield ran
    for place in places:
        place.chmod(0o700)


@pytest.mark.parametrize("place", ["ledger.db", "."])
def test_a_run_refuses_a_ledger_that_cannot_be_written_before_it_sends_a_call(
    tmp_path: Path, cli: Cli, place: str
) -> None:
    with server_thread() as server:
        config = project(tmp_path, server.base_url)
        ledger = tmp_path / "kept" / "ledger.db"
        assert cli("run", config, "--quiet", "--limit", "1", "--ledger", str(ledger)).code == 0
        paid = len(server.calls)
        (ledger.parent / place).chmod(0o500)
        command = f"run {config} --quiet --ledger {ledger}"
        ((code, _, err),) = as_a_user(tmp_path, command)
        assert (code, len(server.calls)) == (2, paid)
        assert f"error: the ledger cannot be used: cannot write to the ledger `{ledger}`" in err
        (ledger.parent / place).chmod(0o700)
        ((code, _, err),) = as_a_user(tmp_path, command)
        assert code == 0, err


def test_what_sends_nothing_works_with_a_ledger_that_is_read_only(kept: Path) -> None:
    commands = (
        "plan config.yaml",
        "runs",
        "ledger stats",
        "ledger export",
        "render config.yaml ask",
        "verify out",
        "retry out --dry-run",
        "trace out out.jsonl:1",
        "rejects out",
    )
    (kept / "out").chmod(0o500)
    told = as_a_user(kept, *commands)
    (kept / "out").chmod(0o700)
    said = {"ledger export": "2 calls exported\n", "rejects out": "no row was rejected\n"}
    assert [(command, code, err) for command, (code, _, err) in zip(commands, told, strict=True)] == [
        (command, 0, said.get(command, "")) for command in commands
    ]
    assert not [*(kept / ".atk").glob("ledger.db-[ws]*")]  # a log that stays read-only would stop later runs
    assert json.loads(told[3][1].splitlines()[0])["calls"] == 2


@pytest.mark.parametrize("name", ["out.jsonl", "out.incomplete.jsonl", "rejected.jsonl", "run.json"])
def test_a_folder_in_the_place_of_a_file_is_refused_before_a_call_is_sent(tmp_path: Path, cli: Cli, name: str) -> None:
    (tmp_path / "out" / name).mkdir(parents=True)
    with server_thread() as server:
        told = cli("run", project(tmp_path, server.base_url), "--quiet")
        assert (told.code, server.calls) == (2, [])
    assert f"error: `{tmp_path / 'out' / name}` cannot be written: it is a folder\n" in told.err


def test_an_output_folder_that_cannot_be_written_is_refused_before_a_call_is_sent(tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        config = project(tmp_path, server.base_url)
        assert cli("run", config, "--quiet", "--limit", "1").code == 0
        paid = len(server.calls)
        (tmp_path / "out").chmod(0o500)
        ((code, _, err),) = as_a_user(tmp_path, f"run {config} --quiet")
        (tmp_path / "out").chmod(0o700)
        assert (code, len(server.calls)) == (2, paid)
    assert f"error: `{tmp_path / 'out' / 'out.jsonl'}` cannot be written: permission denied\n" in err
