"""Running a compiled plan: the engine, calls and their ledger, the books, and the files of a run."""

from atk_interp.runtime.endpoints import CannotRun
from atk_interp.runtime.outcome import EXIT_CODES, RunResult
from atk_interp.runtime.progress import set_progress
from atk_interp.runtime.run import RunOptions, run_plan

__all__ = ["EXIT_CODES", "CannotRun", "RunOptions", "RunResult", "run_plan", "set_progress"]
