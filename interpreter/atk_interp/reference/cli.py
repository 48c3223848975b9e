"""The page of commands, from what they print for `--help`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping

from atk_interp.reference.markdown import fenced, page

__all__ = ["cli_page", "help_texts"]

_PROGRAM = "atk-interp"


def cli_page(texts: Mapping[str, str]) -> str:
    """The help of the program and of every command, in the order in which it lists them."""
    sections = [f"## {name}\n\n{fenced(text, 'text')}" for name, text in texts.items()]
    return page("The command line", "What each command says for `--help`.", *sections)


def help_texts(command: tuple[str, ...] = ()) -> dict[str, str]:
    """What the program prints for `--help`, and each of its commands, by their names.

    Asked of the program from outside, so that the page shows what a user sees.
    """
    text = _help(command)
    found = {" ".join((_PROGRAM, *command)): text}
    listed = re.search(r"^Commands:\n((?:  .*\n?)+)", text, re.MULTILINE)
    for name in re.findall(r"^  (\S+)", listed[1], re.MULTILINE) if listed else ():
        found |= help_texts((*command, name))
    return found


def _help(command: tuple[str, ...]) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [sys.executable, "-m", "atk_interp", *command, "--help"],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        check=True,
    )
    return ran.stdout.replace("python -m atk_interp", _PROGRAM).replace("__main__.py", _PROGRAM)
