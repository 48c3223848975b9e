"""How to run, as far as it does not change the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from atk_interp.llm.limits import Clock
from atk_interp.llm.messages import Client
from atk_interp.llm.retry import RetryPolicy
from atk_interp.records import dataclass
from atk_interp.runtime.budget import Budget
from atk_interp.runtime.events import Listener
from atk_interp.runtime.making import Called
from atk_interp.runtime.room import RoomPolicy

__all__ = ["RunOptions"]


@dataclass(frozen=True)
class RunOptions:
    """How to run, as far as it does not change the results."""

    output_dir: Path
    ledger: Path
    task_id: str | None = None
    listeners: Sequence[Listener] = ()
    handle_signals: bool = False
    """Ctrl+C ends the run in good order, and pressed twice the process: for a program that does nothing else."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    room: RoomPolicy = RoomPolicy()
    clock: Clock = field(default_factory=Clock)
    clients: Mapping[str, Client] = field(default_factory=dict)
    """What answers for a model slot in place of its endpoint."""
    force: bool = False
    """Run also when nothing has changed since a run that is finished."""
    budget: Budget | None = None
    """What may be paid for the run, and for those that it goes on with."""
    called: Called | None = None
    """Where the plan was read from, for those who want to make it again."""
