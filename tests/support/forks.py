"""Many real processes of the program, started quickly: one process imports it, and forks a child for each command.

with forks() as start:
    child = start(["run", "config.yaml"], folder)
    child.kill()
    assert child.wait() == -signal.SIGKILL
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["Child", "forks"]


@dataclass
class Child:
    """A process that runs a command. What it prints goes to the file `told`."""

    pid: int
    told: Path
    _news: IO[str]
    code: int | None = None

    def kill(self) -> None:
        """`kill -9`, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def ends_within(self, seconds: float) -> bool:
        """Wait for so long at most; whether it has ended."""
        ready, _, _ = select.select([self._news], [], [], seconds)
        return bool(ready)

    def wait(self) -> int:
        """The exit code, negative for a signal. One child after the other."""
        if self.code is None:
            self.code = int(self._news.readline())
        return self.code


@contextlib.contextmanager
def forks() -> Iterator[Callable[[list[str], Path], Child]]:
    """Starts commands, each in a process of its own; a second one when the first has been waited for."""
    command = [sys.executable, "-m", "support.forks"]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        commands, news = process.stdin, process.stdout

        def start(arguments: list[str], folder: Path) -> Child:
            told = folder / "told.txt"
            commands.write(json.dumps([arguments, str(folder), str(told)]) + "\n")
            return Child(int(news.readline()), told, news)

        try:
            yield start
        finally:
            process.kill()


def _serve() -> None:
    """Fork a child for each line of the standard input; print its number, then how it ended."""
    import atk_interp.cli.commands.run
    import atk_interp.llm.openai
    import atk_interp.pipeline  # noqa: F401 - these are what a child would spend its first second on
    from atk_interp.lint.check import check_file

    warm = False
    for line in sys.stdin:
        arguments, folder, told = json.loads(line)
        if not warm:  # what is imported when a spec is read, and tables that are made once
            check_file(Path(folder) / arguments[1], complete=False)
            warm = True
        child = os.fork()
        if child == 0:
            _run(arguments, folder, told)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(arguments: list[str], folder: str, told: str) -> None:
    from atk_interp.cli.main import main

    file = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.chdir(folder)
    sys.argv = ["atk-interp", *arguments]
    code = 3
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
