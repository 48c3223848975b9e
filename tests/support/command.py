"""The command line as tests call it: in this process, or as a process of its own, which can be ended."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from atk_interp.cli.main import main

__all__ = ["Cli", "Told", "cli", "start"]


class Told(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def everything(self) -> str:
        return self.out + self.err


Cli = Callable[..., Told]
"""What the fixture `cli` is: called with the words of a command."""


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Cli]:
    """Runs the command line in this process, in the test's own folder. No output may ever show a traceback."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Told:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["atk-interp", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Told(int(end.value.code or 0), printed.out, printed.err)

    thresholds = gc.get_threshold()
    yield call
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def start(config: Path) -> subprocess.Popen[str]:
    """Begin `atk-interp run` of a config, in its folder, with a ledger beside it."""
    command = [sys.executable, "-m", "atk_interp", "run", str(config), "--ledger", str(config.parent / "ledger.db")]
    return subprocess.Popen(command, cwd=config.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
