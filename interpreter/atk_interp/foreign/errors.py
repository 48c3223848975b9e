"""How a function of a user's fails. Cheap to import: checking a spec runs none."""

from __future__ import annotations

__all__ = ["CannotLoad", "Failed", "Interrupted", "PythonRefused"]


class Failed(Exception):
    """This call has failed; others may not. The message says why, with the file and line where that is known."""


class CannotLoad(Exception):
    """The function cannot be called at all. The message says why, `help` what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class Interrupted(Exception):
    """The run that waited for this call is ending: nobody wants to know any more."""


class PythonRefused(CannotLoad):
    """A function was to run, and Python is refused."""
