"""Ctrl+C twice ends a run at once, whatever hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.pipelines import write_project

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from atk_interp import compile_pipeline
from atk_interp.llm.messages import Reply

class Client:
    async def complete(self, request):
        print("asked", flush=True)
        if HANGS == "thread":
            await asyncio.to_thread(time.sleep, 3600)
        while HANGS == "loop":
            pass
        return Reply("fine")

    async def aclose(self):
        pass

def tell(event):
    if type(event).__name__ == "Noted":
        print(event.message, flush=True)

running = compile_pipeline("pipeline.yaml").run(
    {"output_dir": "out", "models": {"m": {"model": "test"}}},
    listeners=[tell], handle_signals=True, ledger=Path("ledger.db"), clients={"m": Client()},
)
sys.exit(asyncio.run(running).exit_code)
"""


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that a test has started: none outlives it, whatever becomes of the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(folder: Path, hangs: str, spec: str = SPEC) -> subprocess.Popen[str]:
    write_project(folder, spec)
    program = PROGRAM.replace("HANGS", repr(hangs))
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interrupt_ends_a_run_whose_thread_hangs(
    tmp_path: Path, started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    started.append(running := start(tmp_path, "thread"))
    assert running.stdout is not None
    assert running.stdout.readline() == "asked\n"
    running.send_signal(number)
    assert running.stdout.readline().startswith("stopping: ")
    running.send_signal(number)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 130
    assert told == ("stopped at once: run the same command again to go on; what is in the ledger is not paid again\n")


@pytest.mark.slow
def test_a_second_interrupt_ends_a_run_whose_loop_hangs(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    started.append(running := start(tmp_path, "loop"))
    assert running.stdout is not None
    assert running.stdout.readline() == "asked\n"
    running.send_signal(signal.SIGTERM)
    running.send_signal(signal.SIGINT)  # another number: two equal ones may be told as one
    _, told = running.communicate(timeout=30)
    assert running.returncode == 130
    assert told.startswith("stopped at once: ")


FUNCTION = """
import sys, time

def hang(given):
    print("begun", file=sys.stderr, flush=True)
    time.sleep(3600)
"""
HANGING = {
    "a batch": """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      held:
        kind: python
        from: given
        function: own.py:hang
        takes: [text]
        batch: 5
        fields: {made: text}
        timeout: 3600
    outputs:
      out.jsonl: {from: held, format: jsonl}
    """,
    "a parser": SPEC.replace("{text: reply}", "{python: own.py:hang, fields: {made: text}}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", HANGING)
def test_one_interrupt_ends_a_run_in_which_a_function_of_the_users_hangs(
    tmp_path: Path, started: list[subprocess.Popen[str]], what: str
) -> None:
    (tmp_path / "own.py").write_text(FUNCTION)
    started.append(running := start(tmp_path, "", HANGING[what]))
    assert running.stderr is not None
    assert running.stderr.readline() == "begun\n"
    running.send_signal(signal.SIGINT)
    said, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert "took longer" not in said + told
    assert "took longer" not in (tmp_path / "out" / "events.jsonl").read_text()
