"""What became of every row: counts per step that must add up."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from atk_interp.kinds.base import Beside, Dropped, SetStep
from atk_interp.plan import Plan
from atk_interp.records import dataclass
from atk_interp.runtime.events import StepState

__all__ = ["Books", "OutputCount", "StepCount", "Unbalanced"]


class Unbalanced(RuntimeError):
    """Rows were lost by this program itself: what it made cannot be trusted."""

    def __init__(self, wrong: str) -> None:
        super().__init__(f"the books do not balance: {wrong}")


@dataclass(frozen=True, slots=True)
class OutputCount:
    """What became of the rows that an output was handed."""

    records: int
    left_out: int
    unwritable: int
    calls: int | None = None
    """How many calls it was handed, when it is made of these and not of the rows."""


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
    skipped: int = 0
    elsewhere: int = 0
    """Rows of its inputs that are none of its own, but of the same step in another combination."""
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

    def elsewhere(self, step: str) -> None:
        """A row comes to a step that leaves it to another one."""
        with self._lock:
            self.steps[step].elsewhere += 1

    def passed(self, step: str) -> None:
        with self._lock:
            self.steps[step].passed += 1

    def skipped(self, step: str) -> None:
        """A row passes a step by, because `when` is false for it."""
        with self._lock:
            self.steps[step].passed += 1
            self.steps[step].skipped += 1

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

    def beside(self, step: str, beside: Beside) -> None:
        """What became of the rows that a step took of another one, beside its own."""
        with self._lock:
            count = self.steps[step]
            count.merged += beside.merged
            count.filtered += beside.unused
            if beside.unused:
                count.labels[beside.label] += beside.unused

    def settled_set(self, step: str, loses: str, handed: int, before: int) -> None:
        """Close the books of a set-wise step: what did not come out, and was not dropped, was filtered or merged.

        `handed` rows have reached the step, and `before` were settled by then (those that `when` led past it). For
        what it leaves out the step is taken at its word. Rows that went in and never reached it are missing in the
        sum, and `mismatches` finds them.
        """
        with self._lock:
            count = self.steps[step]
            left = handed - (count.settled - before)
            came = min(left, count.rows_out - count.passed)
            count.passed += came
            if loses == "merged":
                count.merged += left - came
            else:
                count.filtered += left - came

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
                    name=name,
                    kind=self._plan.steps[name].kind,
                    rows_in=count.rows_in,
                    passed=count.passed,
                    filtered=count.filtered,
                    rejected=count.rejected,
                    merged=count.merged,
                    rows_out=count.rows_out,
                    refused=count.refused,
                    skipped=count.skipped,
                    called=count.called,
                    from_ledger=count.from_ledger,
                    input_tokens=count.input_tokens,
                    output_tokens=count.output_tokens,
                    labels=dict(sorted(count.labels.items(), key=lambda item: (-item[1], item[0]))),
                    finished=count.finished,
                )
                for name, count in self.steps.items()
            ]

    def mismatches(self, outputs: Mapping[str, OutputCount]) -> list[str]:
        """Where the books do not balance, each in a sentence. Always empty, unless this program is wrong.

        For runs that came to their end: one that stopped early has rows under way, which are in no sum.
        """
        told = []
        for name, count in self.steps.items():
            inputs = self._plan.steps[name].sources
            came = sum(self.steps[source].rows_out for source in inputs)
            passes = self._plan.steps[name].passes
            came += (self.steps[passes].skipped if passes else 0) - count.elsewhere
            if inputs and count.rows_in != came:
                told.append(f"step `{name}`: {count.rows_in} rows in, but its inputs gave {came}")
            if count.rows_in != count.settled:
                told.append(
                    f"step `{name}`: {count.rows_in} rows in, but {count.passed} passed + {count.filtered} filtered "
                    f"+ {count.rejected} rejected + {count.merged} merged"
                )
        for name, made in outputs.items():
            source = self._plan.outputs[name].source
            given, what = (self.steps[source].rows_out, "rows") if made.calls is None else (made.calls, "calls")
            if made.records + made.left_out + made.unwritable != given:
                told.append(
                    f"output `{name}`: step `{source}` gave {given} {what}, but {made.records} are written "
                    f"+ {made.left_out} left out + {made.unwritable} unwritable"
                )
        return told

    def fraction(self) -> float:
        """How much of the run is done, from the rows that are through each step; an estimate in 0..1."""
        shares: dict[str, float] = {}
        for name, step in self._plan.steps.items():
            count = self.steps[name]
            if count.finished:
                shares[name] = 1.0
            elif step.inside:
                shares[name] = shares[step.inside]
            elif not step.inputs:
                shares[name] = 0.5 if count.rows_out else 0.0
            elif isinstance(step.runner, SetStep):
                gathered = all(self.steps[source].finished for source in step.upstream)
                expected = max(1, step.runner.expects(count.rows_in))
                shares[name] = min(1.0, count.rows_out / expected) if gathered else 0.0
            else:
                upstream = min(shares[source] for source in step.inputs)
                shares[name] = upstream * (count.settled / count.rows_in if count.rows_in else 0.0)
        asking = [share for name, share in shares.items() if self._plan.steps[name].slot] or list(shares.values())
        return sum(asking) / len(asking) if asking else 1.0
