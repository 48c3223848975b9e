"""`atk-interp run` as a process of its own, for tests that end it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["start"]


def start(config: Path) -> subprocess.Popen[str]:
    """Begin a run of a config, in its folder, with a ledger beside it."""
    command = [sys.executable, "-m", "atk_interp", "run", str(config), "--ledger", str(config.parent / "ledger.db")]
    return subprocess.Popen(command, cwd=config.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
