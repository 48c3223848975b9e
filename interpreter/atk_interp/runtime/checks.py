"""The checks of a spec, made on the books of a run that came to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from atk_interp.expressions import EvaluationError
from atk_interp.expressions.counts import Counted
from atk_interp.plan import Plan
from atk_interp.plan.checks import PlannedCheck
from atk_interp.records import dataclass
from atk_interp.runtime.books import OutputCount
from atk_interp.runtime.events import StepState
from atk_interp.runtime.spending import Spending

__all__ = ["CheckResult", "ChecksFailed", "examine"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check came out: `passed`, `failed`, or `not made` where it names a step that this run leaves out.

    `reason` says why it was not passed; `saw` are the counts that it asked for.
    """

    label: str
    check: str
    outcome: str
    reason: str
    saw: Mapping[str, int | float]

    def told(self) -> str:
        """A failed check in one sentence."""
        labelled = f"check `{self.label}`" + ("" if self.label == self.check else f" (`{self.check}`)")
        return f"{labelled} failed: {self.reason}"


class ChecksFailed(Exception):
    """A run came to its end, and what its spec demands of it does not hold."""

    def __init__(self, results: Iterable[CheckResult]) -> None:
        made = [result for result in results if result.outcome != "not made"]
        failed = [result for result in made if result.outcome == "failed"]
        more = f"; and {len(failed) - _SHOWN} more in `run.json`" if len(failed) > _SHOWN else ""
        each = "; ".join(result.told() for result in failed[:_SHOWN]) + more
        super().__init__(each if len(failed) == 1 else f"{len(failed)} of {len(made)} checks failed: {each}")
        self.help = "the outputs stand as `NAME.incomplete`: read them and `rejected.jsonl`"


class _Uncounted(Exception):
    """There is no such count."""


def examine(
    plan: Plan, states: Iterable[StepState], outputs: Mapping[str, OutputCount], spending: Spending
) -> list[CheckResult]:
    """Every check of a plan, made. It depends on nothing but what became of the rows, and on the prices."""
    counting = _Counting(plan, {state.name: state for state in states}, outputs, spending)
    return [_made(check, counting) for check in plan.checks]


def _made(check: PlannedCheck, counting: _Counting) -> CheckResult:
    missing = next((each.of for each in check.counts.values() if not counting.knows(each.of)), None)
    if missing is not None:
        return CheckResult(check.label, check.text, "not made", f"`{missing}` is no part of this run", {})
    saw: dict[str, int | float] = {}
    try:
        for name, counted in check.counts.items():
            saw[name] = counting.value(counted)
        if check.holds(saw):
            return CheckResult(check.label, check.text, "passed", "", saw)
        reason = ", ".join(f"`{name}` is {_number(value)}" for name, value in saw.items()) or "it does not hold"
    except EvaluationError as error:
        seen = ", ".join(f"`{name}` is {_number(value)}" for name, value in saw.items())
        reason = error.message + (f" ({seen})" if seen else "")
    except _Uncounted as uncounted:
        reason = str(uncounted)
    return CheckResult(check.label, check.text, "failed", reason, saw)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


class _Counting:
    """The counts of one run."""

    def __init__(
        self, plan: Plan, steps: Mapping[str, StepState], outputs: Mapping[str, OutputCount], spending: Spending
    ) -> None:
        self.plan, self.steps, self.outputs, self.spending = plan, steps, outputs, spending

    def knows(self, of: str) -> bool:
        return of == "" or of.endswith(".") or of in self.steps or of in self.outputs

    def value(self, counted: Counted) -> int | float:
        """The value of one count. Raises `_Uncounted`."""
        of = counted.of
        if of == "" or of.endswith("."):
            values = [
                self._of_step(counted.function, state) for name, state in self.steps.items() if name.startswith(of)
            ]
            return sum(values)
        if of in self.steps:
            return self._of_step(counted.function, self.steps[of])
        output = self.outputs[of]
        counts = {"rows": output.records, "filtered": output.left_out, "rejected": output.unwritable}
        return sum(counts.values()) if counted.function == "rows_in" else counts[counted.function]

    def _of_step(self, function: str, state: StepState) -> int | float:
        match function:
            case "rows":
                return state.rows_out
            case "calls":
                return sum(calls for calls, *_ in self.spending.used_by(state.name).values())
            case "tokens":
                used = self.spending.used_by(state.name).values()
                return sum(read + written for _, read, written, *_ in used)
            case "cost":
                return self._cost(state.name)
        found: Any = getattr(state, function)
        return int(found)

    def _cost(self, step: str) -> float:
        """Out of the sums, and not call by call: sums of fractions would depend on the order of the replies."""
        usd = 0.0
        for slot, (_, read, written, *_) in sorted(self.spending.used_by(step).items()):
            price = self.plan.endpoints[slot].price if slot in self.plan.endpoints else {}
            if not price:
                told = f"no price is known for model slot `{slot}`, which step `{step}` asks"
                raise _Uncounted(f"{told}: give `price` in the config")
            usd += (read * price.get("input", 0) + written * price.get("output", 0)) / 1e6
        return usd
