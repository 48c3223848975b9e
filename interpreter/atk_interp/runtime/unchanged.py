"""A finished run that nothing has changed since: its outputs are what a new run would write.

`run.json` says what a run was made from (`plan.fingerprint`) and how its files were left. When both still hold, there
is nothing to do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from atk_interp.plan import Plan
from atk_interp.plan.fingerprint import file_state, fingerprint
from atk_interp.records import dataclass
from atk_interp.runtime.events import StepState
from atk_interp.runtime.publish import Published

__all__ = ["Finished", "Origin", "finished"]


@dataclass(frozen=True)
class Origin:
    """What a run is made from: the fingerprint of its plan at a moment (ns since 1970), its ledger, and what is
    granted to rejected rows there (the fingerprint of all grants).
    """

    fingerprint: str | None
    moment_ns: int
    ledger: str
    grants: str

    @staticmethod
    def of(plan: Plan, ledger: Path, grants: str, moment_ns: int | None = None) -> Origin:
        """As it is now, or as it would have been put down at an earlier moment. Blocking: looks at the inputs."""
        moment_ns = time.time_ns() if moment_ns is None else moment_ns
        return Origin(fingerprint(plan, moment_ns), moment_ns, str(ledger.resolve()), grants)

    def as_json(self, folder: Path, files: Sequence[str]) -> dict[str, Any] | None:
        """For `run.json`, with the files of the run below its folder; None when there is nothing to compare."""
        if self.fingerprint is None:
            return None
        try:
            left = {name: list(file_state(folder / name)) for name in files}
        except OSError:
            return None
        return {
            "fingerprint": self.fingerprint,
            "moment": self.moment_ns,
            "ledger": self.ledger,
            "grants": self.grants,
            "files": left,
        }


@dataclass(frozen=True)
class Finished:
    """What a finished run left, with its books as those of a run from the ledger."""

    outputs: list[Published]
    steps: list[StepState]
    rejected: int
    started: str


def finished(folder: Path, plan: Plan, ledger: Path, grants: str) -> Finished | None:
    """The run that finished in a folder, if a run of this plan would make the same; None when there is none.

    A ledger that is not there any more means a run from the start. Blocking: looks at every input and output.
    """
    try:
        record = json.loads((folder / "run.json").read_bytes())
        made = record["made_from"]
        left: Mapping[str, list[int]] = made["files"]
        if record["status"] != "done" or not ledger.is_file():
            return None
        if any(list(file_state(folder / name)) != state for name, state in left.items()):
            return None
        was = Origin(made["fingerprint"], made["moment"], made["ledger"], made["grants"])
        if Origin.of(plan, ledger, grants, made["moment"]) != was:
            return None
        outputs = [
            Published(output["name"], folder / output["file"], output["rows"], True, plan.outputs[output["name"]].form)
            for output in record["outputs"]
        ]
        return Finished(outputs, list(map(_held, record["steps"])), record["rejected"], record["started"])
    except (OSError, ValueError, TypeError, KeyError):
        return None  # none, or one of another version


_FIELDS = frozenset(known.name for known in fields(StepState))


def _held(step: dict[str, Any]) -> StepState:
    """The books of a step in which nothing is paid. Raises `TypeError` when they are not those of this version."""
    if step.keys() != _FIELDS:
        raise TypeError
    state = StepState(**step)
    return replace(state, called=0, from_ledger=state.called + state.from_ledger, input_tokens=0, output_tokens=0)
