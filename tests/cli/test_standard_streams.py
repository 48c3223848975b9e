"""Standard streams that are full, closed or not read to the end: what was asked is done, and told where it can be."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from support.pipelines import replying, write_project

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no `/dev/full` here")

SPEC = """
    spec: atk/v1
    name: qa
    params: {output_dir: {type: path}}
    models: {m: {}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: said}, attempts: 1,
        accept: {yes: said == "yes"}}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
SCRIPT = [{"when": {"contains": "a"}, "reply": "yes"}, {"reply": "no"}]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    write_project(folder, SPEC, config={"output_dir": "out", "models": {"m": replying(folder, SCRIPT)}})
    assert shell(folder, "run config.yaml").returncode == 0
    return folder


def shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """The command line in a shell, which connects the streams."""
    line = f"{shlex.quote(sys.executable)} -m atk_interp {command}"
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "command", ["plan config.yaml", "verify out", "ledger export", "rejects out --format json", "lint --format json"]
)
def test_an_output_that_is_full_is_told(project: Path, command: str) -> None:
    told = shell(project, f"{command} > /dev/full")
    assert told.returncode == 4
    assert "error: standard output cannot be written: no space left on device\n" in told.stderr


def test_an_output_that_is_closed_is_told(project: Path) -> None:
    told = shell(project, "plan config.yaml >&-")
    assert told.returncode == 4
    assert "error: standard output cannot be written: bad file descriptor\n" in told.stderr


@pytest.mark.parametrize("streams", ["> /dev/full", "2> /dev/full", "2>&-", ">&-", "<&- >&- 2>&-", "> /dev/full 2>&1"])
def test_a_run_ends_as_it_does_whoever_listens(project: Path, streams: str) -> None:
    (project / "out" / "out.jsonl").unlink(missing_ok=True)
    told = shell(project, f"run config.yaml --force {streams}")
    assert told.returncode == 0
    assert (project / "out" / "out.jsonl").read_text().count("\n") == 1
    if streams == "> /dev/full":
        assert "error: standard output cannot be written: no space left on device\n" in told.stderr


@pytest.mark.parametrize("command", ["rejects out --format json", "rejects out", "ledger export", "run config.yaml"])
def test_who_reads_no_further_is_no_failure(project: Path, command: str) -> None:
    told = shell(project, f"{command} 2> err.txt | true; echo ${{PIPESTATUS[0]}}")
    assert told.stdout == "0\n"
    assert "error" not in (project / "err.txt").read_text()
