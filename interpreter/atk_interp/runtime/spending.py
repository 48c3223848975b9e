"""What a run has paid for, and what the ledger has saved it, in calls, tokens and USD."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atk_interp.plan import Plan
from atk_interp.runtime.events import CallFinished
from atk_interp.runtime.spent import Spent

__all__ = ["Spending", "Spent"]


class Spending:
    """Sums up the calls of a run, by step. Told of each in the run's loop.

    `before` is what the runs have paid that this one goes on with: those into the same folder that did not come to
    their end. It is read from the `run.json` that the last of them has left; a killed one has left none, and what it
    paid counts as saved by the ledger.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._paid: dict[str, Spent] = {}
        self._saved: dict[str, Spent] = {}
        self.before = _paid_before(folder / "run.json", plan.spec.name)

    def add(self, call: CallFinished) -> None:
        price = self._price(call.step)
        usd = None
        if price:
            usd = (call.input_tokens * price.get("input", 0) + call.output_tokens * price.get("output", 0)) / 1e6
        sums = self._saved if call.from_ledger else self._paid
        sums[call.step] = sums.get(call.step, Spent()) + Spent(1, call.input_tokens, call.output_tokens, usd)

    def _price(self, step: str) -> Mapping[str, float]:
        slot = self._plan.steps[step].slot
        return self._plan.endpoints[slot].price if slot is not None else {}

    @property
    def paid(self) -> Spent:
        """What this run alone has paid."""
        return _total(self._paid)

    @property
    def saved(self) -> Spent:
        """What the replies would have cost that were there: those in the ledger, and those to equal calls."""
        return _total(self._saved)

    def paid_by_step(self) -> dict[str, Spent]:
        """What each step that has asked has paid in this run."""
        return dict(self._paid)

    @property
    def any_calls(self) -> bool:
        return bool(self._paid or self._saved)

    def as_json(self) -> dict[str, Any]:
        """For `run.json`: the sums of the run, and of each step that asked."""
        asked = [name for name in self._plan.steps if name in self._paid or name in self._saved]
        return {
            "paid": self.paid.as_json(),
            "from_ledger": self.saved.as_json(),
            "paid_with_resumes": (self.before + self.paid).as_json(),
            "steps": {
                name: {
                    "slot": self._plan.steps[name].slot,
                    "model": self._plan.endpoints[self._plan.steps[name].slot or ""].model,
                    "paid": self._paid.get(name, Spent()).as_json(),
                    "from_ledger": self._saved.get(name, Spent()).as_json(),
                }
                for name in asked
            },
        }


def _total(sums: Mapping[str, Spent]) -> Spent:
    total = Spent()
    for spent in sums.values():
        total += spent
    return total


def _paid_before(record: Path, pipeline: str) -> Spent:
    try:
        before = json.loads(record.read_bytes())
        if before["pipeline"] != pipeline or before["status"] == "done":
            return Spent()
        return Spent(**before["spending"]["paid_with_resumes"])
    except (OSError, ValueError, KeyError, TypeError):  # none, or one of another version
        return Spent()
