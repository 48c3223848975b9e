"""Whether users' Python may run at all in this process."""

from __future__ import annotations

import os

__all__ = ["REFUSED_HELP", "VARIABLE", "is_refused", "refuse_python"]

VARIABLE = "ATK_NO_PYTHON"
"""The environment variable that refuses Python, for the processes that this one starts as well."""

REFUSED_HELP = f"run it without `--no-python` (and without `{VARIABLE}` in the environment) if you trust its files"


def refuse_python() -> None:
    """Run no user's Python from now on, as `--no-python` wants it."""
    os.environ[VARIABLE] = "1"


def is_refused() -> bool:
    return os.environ.get(VARIABLE, "") not in ("", "0")
