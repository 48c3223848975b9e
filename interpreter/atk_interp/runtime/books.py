"""What became of every row: counts per step that must add up."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from atk_interp.kinds.base import Dropped
from atk_interp.plan import Plan
from atk_interp.runtime.events import StepState

__all__ = ["Books", "StepCount"]


@dataclass
class StepCount:
    """The running counts of one step; see `StepState`."""

    rows_in: int = 0
    passed: int = 0
    filtered: int = 0
    rejected: int = 0
    merged: int = 0
    rows_out: int = 0
    refused: int = 0
    called: int = 0
    from_ledger: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    finished: bool = False

    @property
    def settled(self) -> int:
        return self.passed + self.filtered + self.rejected + self.merged


class Books:
    """Counts of all steps. Safe for several threads."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self.steps = {name: StepCount() for name in plan.steps}

    def entered(self, step: str, rows: int = 1) -> None:
        with self._lock:
            self.steps[step].rows_in += rows

    def passed(self, step: str) -> None:
        with self._lock:
            self.steps[step].passed += 1

    def out(self, step: str) -> None:
        with self._lock:
            self.steps[step].rows_out += 1

    def dropped(self, step: str, dropped: Dropped) -> None:
        with self._lock:
            count = self.steps[step]
            if dropped.outcome == "filtered":
                count.filtered += 1
            else:
                count.rejected += 1
            count.labels[dropped.label] += 1

    def refused(self, step: str) -> None:
        with self._lock:
            self.steps[step].refused += 1

    def settled_set(self, step: str, loses: str) -> None:
        """Close the books of a set-wise step: what did not come out, and was not dropped, was filtered or merged."""
        with self._lock:
            count = self.steps[step]
            left = count.rows_in - count.rejected - count.filtered
            count.passed = min(left, count.rows_out)
            lost = left - count.passed
            if loses == "merged":
                count.merged = lost
            else:
                count.filtered += lost

    def call(self, step: str, from_ledger: bool, input_tokens: int, output_tokens: int) -> None:
        with self._lock:
            count = self.steps[step]
            if from_ledger:
                count.from_ledger += 1
            else:
                count.called += 1
            count.input_tokens += input_tokens
            count.output_tokens += output_tokens

    def states(self) -> list[StepState]:
        with self._lock:
            return [
                StepState(
                    name,
                    self._plan.steps[name].kind,
                    count.rows_in,
                    count.passed,
                    count.filtered,
                    count.rejected,
                    count.merged,
                    count.rows_out,
                    count.refused,
                    count.called,
                    count.from_ledger,
                    count.input_tokens,
                    count.output_tokens,
                    dict(sorted(count.labels.items(), key=lambda item: (-item[1], item[0]))),
                    count.finished,
                )
                for name, count in self.steps.items()
            ]

    def mismatches(self) -> list[str]:
        """Steps whose books do not balance, each in a sentence. Always empty, unless this program is wrong."""
        told = []
        for name, count in self.steps.items():
            if self._plan.steps[name].inputs and count.rows_in != count.settled:
                told.append(
                    f"step `{name}`: {count.rows_in} rows in, but {count.passed} passed + {count.filtered} filtered "
                    f"+ {count.rejected} rejected + {count.merged} merged"
                )
        return told

    def fraction(self) -> float:
        """How much of the run is done, from the rows that are through each step; an estimate in 0..1."""
        shares: dict[str, float] = {}
        for name, step in self._plan.steps.items():
            count = self.steps[name]
            if count.finished:
                shares[name] = 1.0
            elif not step.inputs:
                shares[name] = 0.5 if count.rows_out else 0.0
            else:
                upstream = min(shares[source] for source in step.inputs)
                shares[name] = upstream * (count.settled / count.rows_in if count.rows_in else 0.0)
        asking = [share for name, share in shares.items() if self._plan.steps[name].slot] or list(shares.values())
        return sum(asking) / len(asking) if asking else 1.0
