"""The one door to Python that users write: functions in files beside a spec, checked as text, run in processes.

Nothing of a user's is imported into this process. What was read when the spec was checked is what runs, and its hash
is a part of every fingerprint that depends on it. `foreign.function` finds and reads, `foreign.workers` runs; both are
imported when a spec names a function.
"""

from __future__ import annotations

from atk_interp.foreign.errors import CannotLoad, Failed, Interrupted, PythonRefused
from atk_interp.foreign.interruption import Interruption
from atk_interp.foreign.refusal import REFUSED_HELP, VARIABLE, is_refused, refuse_python

__all__ = [
    "REFUSED_HELP",
    "VARIABLE",
    "CannotLoad",
    "Failed",
    "Interrupted",
    "Interruption",
    "PythonRefused",
    "is_refused",
    "refuse_python",
]
