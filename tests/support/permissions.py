"""A process that permissions hold for, also where the tests run as root."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["as_a_user", "no_user"]

# What takes long is imported once, and each command runs in a child of its own.
_SCRIPT = """
import json, os, shlex, sys, tempfile
import atk_interp.pipeline, atk_interp.rehearsal.verified
from atk_interp.cli.main import main

told = []
for command in sys.argv[1:]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
            sys.argv = ["atk-interp", *shlex.split(command)]
            main()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0), err.seek(0)
        told.append((code, out.read().decode(), err.read().decode()))
print(json.dumps(told))
"""

_WITHOUT = "-dac_override,-dac_read_search,-fowner"


@functools.lru_cache(maxsize=1)
def _prefix() -> list[str] | None:
    if os.name != "posix":
        return None
    if os.geteuid() != 0:
        return []
    command = ["setpriv", f"--bounding-set={_WITHOUT}"]
    if shutil.which("setpriv") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        return None
    return command


def no_user() -> str:
    """Why no process can be held to permissions here; empty when one can."""
    return "" if _prefix() is not None else "root cannot lay down its rights here (`setpriv`)"


def as_a_user(folder: Path, *commands: str) -> list[tuple[int, str, str]]:
    """Run `atk-interp` in a folder, as somebody whom permissions hold for: the exit codes, and what was printed."""
    prefix = _prefix()
    assert prefix is not None
    done = subprocess.run(
        [*prefix, sys.executable, "-c", _SCRIPT, *commands], capture_output=True, text=True, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return [(code, out, err) for code, out, err in json.loads(done.stdout)]
